# SPDX-License-Identifier: Apache-2.0
"""What the tests of broken variants share: which of them an ordinary run tries, and whether each guard still stands where it is
looked for, which is seen of all in every run."""
import os
import random

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text_of(source):
    """Of a file of src."""
    with open(os.path.join(ROOT, "src", source), encoding="utf-8") as file:
        return file.read()


def guards_stand(guards):
    """guards: what, source file, the text that is there once. Prints those that are not where a test looks for them."""
    missing = [(what, source) for what, source, guard in guards if text_of(source).count(guard) != 1]
    for what, source in missing:
        print(f"not ok {source}: {what}: the guard is not where this test looks for it", flush=True)
    if not missing:
        print("ok each guard is where this test looks for it", flush=True)
    return not missing


def chosen(variants, count, unchanged, test):
    """All with WASL_SOAK, else so many, drawn by a printed seed (WASL_SEED repeats it), each with an unchanged run of its test.
    unchanged(variant): it is one; test(variant): which test it belongs to."""
    if os.environ.get("WASL_SOAK"):
        return variants
    seed = os.environ.get("WASL_SEED") or str(random.SystemRandom().randrange(1 << 32))
    print(f"# seed {seed}", flush=True)
    broken = [variant for variant in variants if not unchanged(variant)]
    some = random.Random(seed).sample(broken, min(count, len(broken)))
    tests = {test(variant) for variant in some}
    return list({test(variant): variant for variant in reversed(variants) if unchanged(variant) and test(variant) in tests}.values()) + some
