// Stored receipts in Node. ZKL_WASM names the built package; scripts/wasm_smoke.sh runs this.
'use strict';

const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const test = require('node:test');
const { inspect, verify, Verifier } = require(process.env.ZKL_WASM);

const LOG = 'example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs';
const fixture = (path) => readFileSync(join(__dirname, '../../../crates/zkl-ledger/tests/fixtures', path));

test('a claim with the proof over every row verifies', () => {
    const verdict = verify(fixture('v2/claim.receipt'), [LOG]);
    assert.strictEqual(verdict.kind, 'claim');
    assert.strictEqual(verdict.claim, 'mean(age) between 25 and 30');
    assert.strictEqual(verdict.assurance, 'proved');
    assert.strictEqual(verdict.scan.segments, 1);
    assert.match(verdict.proof.setup, /dev/);
    assert.strictEqual(verdict.log.pinned, true);
});

test('every format that has a proof over every row verifies', () => {
    assert.strictEqual(verify(fixture('v2/notarization.receipt'), [LOG]).assurance, 'proved');
    assert.strictEqual(verify(fixture('v3/claim.receipt'), [LOG]).assurance, 'proved');
    for (const [path, basis] of [['v4/claims.receipt', 'dev'], ['v5/claims.receipt', 'ceremony']]) {
        const { statements } = verify(fixture(path), [LOG]);
        assert.ok(statements.length > 1);
        assert.ok(statements.every((statement) => statement.assurance === 'proved' && statement.basis === basis), path);
    }
});

test('without a pinned key the verdict says so', () => {
    assert.strictEqual(verify(fixture('v2/claim.receipt'), []).log.pinned, false);
});

test('what is wrong is thrown', () => {
    const receipt = fixture('v2/claim.receipt');
    const stranger = LOG.replace('AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs', '');
    assert.throws(() => verify(receipt, [stranger]), /expected a log key/);
    assert.throws(() => verify(receipt.subarray(0, 100), [LOG]), Error);

    // One bit of the proof over every row.
    const { proof } = JSON.parse(receipt.toString()).scan;
    const bytes = Buffer.from(proof, 'base64');
    bytes[bytes.length - 1] ^= 1;
    const altered = receipt.toString().replace(proof, bytes.toString('base64'));
    assert.throws(() => verify(Buffer.from(altered), [LOG]), /the entry names|digest|another/);
});

test('a verifier answers as often as it is asked, also after a refusal', () => {
    const verifier = new Verifier([LOG]);
    const receipt = fixture('v5/claims.receipt');
    const first = verifier.verify(receipt);
    assert.throws(() => verifier.verify(receipt.subarray(1)), Error);
    assert.deepStrictEqual(verifier.verify(receipt), first);
    assert.throws(() => new Verifier(['no key']), /expected a log key/);
});

test('errors say what kind they are of, and what to do', () => {
    const receipt = fixture('v5/claims.receipt');
    assert.throws(() => new Verifier([LOG]).verify(receipt, ['cosigned']), { kind: 'not-as-required', hint: /policy/ });
    assert.throws(() => new Verifier([]).verify(receipt, ['pinned']), { kind: 'not-as-required', hint: /key/ });
    assert.throws(() => new Verifier([LOG]).verify(receipt, ['quickly']), { kind: 'invalid-input' });
    assert.throws(() => new Verifier(['no key']), { kind: 'invalid-input' });
    assert.throws(() => new Verifier([LOG], 'no policy'), { kind: 'invalid-input' });
    assert.throws(() => new Verifier([LOG], undefined, '{}'), { kind: 'invalid-input' });
    assert.throws(() => verify(receipt.subarray(1), [LOG]), { kind: 'not-valid', hint: /byte for byte/ });
    assert.throws(() => inspect(receipt.subarray(1)), { kind: 'not-valid' });
});

test('the verdict in words is a part of a page, whatever the receipt is called', () => {
    const verifier = new Verifier([LOG]);
    const good = verifier.section('<script>x</script>', fixture('v5/claims.receipt'));
    assert.ok(good.includes('badge good') && good.includes('&lt;script&gt;') && !good.includes('<script'));
    assert.ok(verifier.section('x', fixture('v2/claim.receipt')).includes('forgeable'));
    assert.ok(verifier.section('x', Buffer.from('{}')).includes('It shows nothing'));
});

test('a receipt says something of itself', () => {
    const { log, entries } = inspect(fixture('v2/claim.receipt'));
    assert.strictEqual(log, LOG);
    assert.strictEqual(entries.at(-1).kind, 'claim');
    assert.ok(entries.at(-1).text.includes('mean(age)'));
});

test('times are printed', () => {
    for (const path of ['v2/claim.receipt', 'v4/claims.receipt', 'v5/claims.receipt']) {
        const receipt = fixture(path);
        const verifier = new Verifier([LOG]);
        const times = Array.from({ length: 21 }, () => {
            const start = process.hrtime.bigint();
            verifier.verify(receipt);
            return Number(process.hrtime.bigint() - start) / 1e6;
        });
        const [first] = times;
        const median = times.sort((a, b) => a - b)[10];
        console.log(`${path}: ${receipt.length} bytes verified in ${first.toFixed(1)} ms, ` +
            `then ${median.toFixed(1)} ms (median), least ${times[0].toFixed(1)} ms`);
    }
});
