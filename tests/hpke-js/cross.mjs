// SPDX-License-Identifier: Apache-2.0
// Builds and opens consignments as spec/consignment.md describes them, with @hpke/core, against src/seal (peer.c).
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { execFileSync } from "node:child_process";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const peer = process.argv[2];
const suites = [["X25519", new DhkemX25519HkdfSha256(), 0x20, 32], ["P-256", new DhkemP256HkdfSha256(), 0x10, 65]].map(
  ([name, kem, id, enc]) => ({ name, id, enc, suite: new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() }) }));
const text = new TextEncoder();
const from = "wasl/rabat/0123456789abcdef";
const to = "wasl/paris/fedcba9876543210";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const exact = (buffer) => new Uint8Array(buffer).buffer;
const run = (...words) =>
  execFileSync(peer, words, { encoding: "utf8" }).split("\n").slice(0, 2).map((line) => Buffer.from(line, "hex"));

function check(name, good) {
  console.log(`${good ? "ok" : "not ok"} - ${name}`);
  if (!good) process.exitCode = 1;
}

function clearBytes(id, keyId) {
  const origin = (name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]);
  return Buffer.concat([
    Buffer.from("WASLCON1"), Buffer.from([0, id, 0, 1, 0, 2]), keyId, origin(from), origin(to),
  ]);
}
const info = (clear) => exact(Buffer.concat([Buffer.from("wasl consignment/1"), clear]));

function openAnswer(key, sealed) {
  const open = createDecipheriv("aes-256-gcm", Buffer.from(key), sealed.subarray(8, 20));
  open.setAAD(sealed.subarray(0, 20));
  open.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([open.update(sealed.subarray(20, -16)), open.final()]);
}

function sealAnswer(key, nonce, plain) {
  const clear = Buffer.concat([Buffer.from("WASLANS1"), nonce]);
  const seal = createCipheriv("aes-256-gcm", Buffer.from(key), nonce);
  seal.setAAD(clear);
  return Buffer.concat([clear, seal.update(plain), seal.final(), seal.getAuthTag()]);
}

async function theirsOpensOurs({ name, id, enc, suite }, pair, size) {
  const plain = randomBytes(size), answer = randomBytes(size), keyId = randomBytes(8);
  const publicKey = await suite.kem.serializePublicKey(pair.publicKey);
  const [sealed, answered] = run("seal", hex(publicKey), hex(keyId), from, to, hex(randomBytes(32)), hex(plain),
    hex(randomBytes(12)), hex(answer));
  const clear = clearBytes(id, keyId);
  check(`${name}, ${size} bytes: the clear part is as specified`, sealed.subarray(0, clear.length).equals(clear));
  const context = await suite.createRecipientContext({
    recipientKey: pair.privateKey, enc: exact(sealed.subarray(clear.length, clear.length + enc)), info: info(clear),
  });
  const opened = await context.open(exact(sealed.subarray(clear.length + enc)), exact(clear));
  check(`${name}, ${size} bytes: @hpke/core opens what we seal`, Buffer.from(opened).equals(plain));
  const key = await context.export(exact(text.encode("wasl answer/1")), 32);
  check(`${name}, ${size} bytes: our answer opens under its export`, openAnswer(key, answered).equals(answer));
}

async function oursOpensTheirs({ name, id, suite }, pair, size) {
  const plain = randomBytes(size), answer = randomBytes(size), clear = clearBytes(id, randomBytes(8));
  const context = await suite.createSenderContext({ recipientPublicKey: pair.publicKey, info: info(clear) });
  const ciphertext = await context.seal(exact(plain), exact(clear));
  const sealed = Buffer.concat([clear, Buffer.from(context.enc), Buffer.from(ciphertext)]);
  const key = await context.export(exact(text.encode("wasl answer/1")), 32);
  const privateKey = await suite.kem.serializePrivateKey(pair.privateKey);
  const [opened, answered] = run("open", hex(privateKey), hex(sealed), hex(sealAnswer(key, randomBytes(12), answer)));
  check(`${name}, ${size} bytes: we open what @hpke/core seals`, opened.equals(plain));
  check(`${name}, ${size} bytes: we open an answer under its export`, answered.equals(answer));
}

for (const size of [0, 1, 4096, 20000])
  for (const one of suites) {
    const pair = await one.suite.kem.generateKeyPair();
    await theirsOpensOurs(one, pair, size);
    await oursOpensTheirs(one, pair, size);
  }
