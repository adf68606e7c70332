# SPDX-License-Identifier: Apache-2.0
# A thin front: each target is one script that also runs by hand.
.POSIX:
FUZZ_SECONDS ?= 20
ONLY ?=
IN ?= src/law
TESTS ?=

build:
	@WASL_MESON="--werror" ci/build build

help:
	@echo 'make            build; the programs are in build/bin'
	@echo 'make run        install what is missing, build, start two nodes and let them exchange a case'
	@echo 'make stop       stop the nodes that make run left running'
	@echo 'make test       install what is missing, build, run every test (ONLY=NAME: those whose name has NAME in it)'
	@echo 'make bench      speed and size, as a table and in build/bench.json'
	@echo 'make fuzz       run each fuzzer for FUZZ_SECONDS (20); ONLY=NAME runs one'
	@echo 'make soak       the long loops of the tests in full; WASL_SOAK_SECONDS for the simulator (3600)'
	@echo 'make mutants    small changes of law and of the case engine, which their unit tests must find out (IN=FILES TESTS=NAMES: of others)'
	@echo 'make faults     docs/faults.md out of what the last make test or make soak tried'
	@echo 'make deps       install what building needs (Debian packages, only those that are missing)'
	@echo 'make format     lay out the lines of C that differ from the last commit, by clang-format'
	@echo 'make clean      remove everything built'

deps:
	@ci/install-deps build

run:
	@ci/install-deps build run
	@WASL_MESON="--werror" ci/build build programs
	@ci/demo start

stop:
	@ci/demo stop

test:
	@ci/install-deps build run test
	@$(MAKE) -s build
	@ONLY='$(ONLY)' tests/run

soak:
	@ci/install-deps build run test
	@$(MAKE) -s build
	@WASL_SOAK=1 ONLY='$(ONLY)' tests/run

fuzz:
	@ci/install-deps build test
	@ONLY='$(ONLY)' ci/fuzz $(FUZZ_SECONDS)

mutants:
	@ci/install-deps build test
	@$(MAKE) -s build
	@TESTS='$(TESTS)'; IN='$(IN)'; if [ -n "$$IN" ]; then tests/mutants.py $${TESTS:+--tests "$$TESTS"} $$IN; \
	  else tests/mutants.py --set law && tests/mutants.py --set engine --json build/mutants-engine.json && \
	    tests/mutants.py --set clocks --json build/mutants-clocks.json && \
	    tests/mutants.py --set forms --json build/mutants-forms.json; fi

faults:
	@ci/faults

bench:
	@ci/install-deps build run bench
	@WASL_MESON="--werror" ci/build build programs
	@bench/run

format:
	@ci/format

clean:
	@rm -rf build build-asan build-fuzz

.PHONY: build help deps run stop test soak mutants faults fuzz bench format clean
