// SPDX-License-Identifier: Apache-2.0

// Verifies the registers' part of .wasl-proof files: each leaf is included under its checkpoint (sumdb/tlog), which the
// register's own key and the other side's witness signed (sumdb/note), with the keys of the cards in the file. Shares no code
// with the project. Debian's note package knows no cosignatures, so their Verifier is written here after C2SP
// tlog-cosignature, and so is that of a P-256 key, of either kind, after spec/register.md.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A key of a register or of a witness, by how it verifies a signature of 64 bytes.
type verifier struct {
	name     string
	hash     uint32
	cosigns  bool
	verifies func(msg, sig []byte) bool
}

func (v *verifier) Name() string    { return v.name }
func (v *verifier) KeyHash() uint32 { return v.hash }
func (v *verifier) Verify(msg, sig []byte) bool {
	if !v.cosigns {
		return len(sig) == 64 && v.verifies(msg, sig)
	}
	if len(sig) != 8+64 {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return v.verifies([]byte(signed), sig[8:])
}

// ECDSA over P-256 with SHA-256: r and s of 32 bytes each.
func p256(point []byte) (func(msg, sig []byte) bool, error) {
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), point)
	if x == nil {
		return nil, errors.New("no point of P-256")
	}
	key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}
	return func(msg, sig []byte) bool {
		sum := sha256.Sum256(msg)
		return ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
	}, nil
}

const (
	p256Log     = "\xffwasl ecdsa-p256-sha256 note/1"
	p256Witness = "\xffwasl ecdsa-p256-sha256 cosignature/1"
)

// Name, id and the octets of a verifier key, whose id must be right.
func split(vkey string) (string, uint32, []byte, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return "", 0, nil, errors.New("no verifier key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return "", 0, nil, err
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return "", 0, nil, errors.New("the key's id is wrong")
	}
	return parts[0], hash, raw, nil
}

// The key of a register: of Ed25519 as the note package has it.
func newLog(vkey string) (note.Verifier, error) {
	name, hash, raw, err := split(vkey)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(string(raw), p256Log) {
		return note.NewVerifier(vkey)
	}
	verifies, err := p256(raw[len(p256Log):])
	return &verifier{name, hash, false, verifies}, err
}

func newWitness(vkey string) (note.Verifier, error) {
	name, hash, raw, err := split(vkey)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(string(raw), p256Witness) {
		verifies, err := p256(raw[len(p256Witness):])
		return &verifier{name, hash, true, verifies}, err
	}
	if len(raw) != 1+ed25519.PublicKeySize || raw[0] != 4 {
		return nil, errors.New("no key of type 4")
	}
	key := ed25519.PublicKey(raw[1:])
	return &verifier{name, hash, true, func(msg, sig []byte) bool { return ed25519.Verify(key, msg, sig) }}, nil
}

type card struct {
	Name, Log, Witness, Previous string
	Generation                   int
	size                         int64 // heads of so many leaves and more are signed by its key
	hash                         string
}

// The card that the sent leaf names, and those that follow it.
type row []card

func (r row) at(size int64) card {
	for i := len(r) - 1; i > 0; i-- {
		if r[i].size <= size {
			return r[i]
		}
	}
	return r[0]
}

func origin(c card) string { return strings.SplitN(c.Log, "+", 2)[0] }

// Splits a c2sp.org/tlog-proof@v1.
func splitProof(data []byte) (index int64, proof tlog.RecordProof, checkpoint []byte, err error) {
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return 0, nil, nil, errors.New("not a tlog-proof")
	}
	if index, err = strconv.ParseInt(lines[1][len("index "):], 10, 64); err != nil {
		return 0, nil, nil, err
	}
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, nil, err
		}
		proof = append(proof, hash)
	}
	return index, proof, checkpoint, nil
}

// A later card: named by a head that the log keys of both cards signed.
func succeeds(noteBytes []byte, before card, next *card) error {
	var keys []note.Verifier
	for _, vkey := range []string{before.Log, next.Log} {
		vkey, err := inEpoch(vkey, firstLine(noteBytes))
		if err != nil {
			return err
		}
		key, err := newLog(vkey)
		if err != nil {
			return err
		}
		if len(keys) == 0 || keys[0].KeyHash() != key.KeyHash() {
			keys = append(keys, key)
		}
	}
	opened, err := note.Open(noteBytes, note.VerifierList(keys...))
	if err != nil {
		return err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(opened.Sigs) != len(keys) || len(opened.UnverifiedSigs) != 0 || len(lines) != 5 {
		return errors.New("not exactly the signatures of both keys")
	}
	named := fmt.Sprintf("card %d %s", next.Generation, next.hash)
	if (lines[0] != origin(*next) && !strings.HasPrefix(lines[0], origin(*next)+"/")) || lines[3] != named || next.Previous != before.hash || next.Generation != before.Generation+1 {
		return errors.New("it names another card")
	}
	next.size, err = strconv.ParseInt(lines[1], 10, 64)
	return err
}

func cardsOf(members map[string][]byte, name string) (row, error) {
	var cards row
	for generation := 0; ; generation++ {
		stem := "cards/" + name
		if generation > 0 {
			stem = fmt.Sprintf("cards/%s.%d", name, cards[0].Generation+generation)
		}
		content, found := members[stem+".card"]
		if !found {
			return cards, nil
		}
		one := card{}
		if err := json.Unmarshal(content, &one); err != nil {
			return nil, fmt.Errorf("%s: %w", stem, err)
		}
		sum := sha256.Sum256(content)
		one.hash = hex.EncodeToString(sum[:])
		if generation > 0 {
			if err := succeeds(members[stem+".note"], cards[generation-1], &one); err != nil {
				return nil, fmt.Errorf("%s: %w", stem, err)
			}
		}
		cards = append(cards, one)
	}
}

// A later epoch of the register is signed by the same key under an origin of its own: wasl/NAME/DIGITS/2 and so on.
func inEpoch(vkey, signed string) (string, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || signed == parts[0] {
		return vkey, nil
	}
	number, err := strconv.Atoi(strings.TrimPrefix(signed, parts[0]+"/"))
	if err != nil || number < 2 {
		return "", errors.New("a head of another register")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte(signed+"\n"), key...))
	return fmt.Sprintf("%s+%s+%s", signed, hex.EncodeToString(sum[:4]), parts[2]), nil
}

func firstLine(note []byte) string { return strings.SplitN(string(note), "\n", 2)[0] }

func headSize(checkpoint []byte) (int64, error) {
	lines := strings.SplitN(string(checkpoint), "\n", 3)
	if len(lines) < 3 {
		return 0, errors.New("no checkpoint")
	}
	return strconv.ParseInt(lines[1], 10, 64)
}

func verify(leaf, opening, proofBytes []byte, registers, others row) error {
	var entry struct{ Commitment string }
	if err := json.Unmarshal(leaf, &entry); err != nil {
		return err
	}
	if sum := sha256.Sum256(opening); hex.EncodeToString(sum[:]) != entry.Commitment {
		return errors.New("the opening is not what the leaf commits to")
	}
	return verifyProof(leaf, proofBytes, registers, others, 2)
}

// The leaf under a checkpoint with so many signatures by the register and by those others who are known; 1: lines of witnesses, whom nobody
// here knows, may stand beside the register's own.
func verifyProof(leaf, proofBytes []byte, registers, others row, signatures int) error {
	index, proof, checkpoint, err := splitProof(proofBytes)
	if err != nil {
		return err
	}
	signed, err := headSize(checkpoint)
	if err != nil {
		return err
	}
	register := registers.at(signed)
	vkey, err := inEpoch(register.Log, firstLine(checkpoint))
	if err != nil {
		return err
	}
	own, err := newLog(vkey)
	if err != nil {
		return err
	}
	known := []note.Verifier{own}
	for i, other := range others {
		if i > 0 && other.Witness == others[i-1].Witness {
			continue
		}
		cosigner, err := newWitness(other.Witness)
		if err != nil {
			return err
		}
		known = append(known, cosigner)
	}
	opened, err := note.Open(checkpoint, note.VerifierList(known...))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != signatures || (signatures == 2) != (len(opened.UnverifiedSigs) == 0) {
		return errors.New("not exactly the signatures expected")
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != own.Name() {
		return errors.New("not a checkpoint of this register")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(leaf))
}

func load(path string) (map[string][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	members := map[string][]byte{}
	for archive := tar.NewReader(file); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return members, nil
		}
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(header.Name, "parts/") {
			continue
		}
		if members[header.Name], err = io.ReadAll(io.LimitReader(archive, 1<<20)); err != nil {
			return nil, err
		}
	}
}

func check(path string) error {
	members, err := load(path)
	if err != nil {
		return err
	}
	var header struct{ Author string }
	if err := json.Unmarshal(members["header.json"], &header); err != nil {
		return fmt.Errorf("header.json: %w", err)
	}
	names := strings.Split(header.Author, "/")
	if len(names) < 3 {
		return errors.New("no author")
	}
	author, err := cardsOf(members, names[1])
	if err != nil {
		return err
	}
	if len(author) == 0 || origin(author[0]) != header.Author {
		return errors.New("no card of the author")
	}
	verified := 0
	for name, leaf := range members {
		if !strings.HasSuffix(name, ".leaf") {
			continue
		}
		stem := strings.TrimSuffix(name, ".leaf")
		receiver, err := cardsOf(members, strings.SplitN(stem, "/", 2)[0])
		if err != nil {
			return err
		}
		if len(receiver) == 0 {
			return fmt.Errorf("%s: no card of the receiver", name)
		}
		register, other := receiver, author
		if strings.HasSuffix(stem, "/sent") {
			register, other = author, receiver
		}
		if err := verify(leaf, members[stem+".opening"], members[stem+".tlog-proof"], register, other); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if witnessed, found := members[stem+".witnessed.tlog-proof"]; found {
			if err := verifyProof(leaf, witnessed, register, nil, 1); err != nil {
				return fmt.Errorf("%s under a witnessed head: %w", name, err)
			}
		}
		verified++
	}
	if verified < 2 || verified%2 != 0 {
		return fmt.Errorf("%d leaves, not a sent and an answer for each receiver", verified)
	}
	fmt.Printf("ok %s: %d leaves verified by sumdb/note and sumdb/tlog\n", path, verified)
	return nil
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "use: evidence FILE.wasl-proof …")
		os.Exit(2)
	}
	for _, path := range os.Args[1:] {
		if err := check(path); err != nil {
			fmt.Printf("not ok %s: %v\n", path, err)
			os.Exit(1)
		}
	}
}
