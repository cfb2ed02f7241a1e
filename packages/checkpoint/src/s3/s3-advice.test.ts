import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { CheckpointError } from '@x/trainer-core';

import { CREDENTIALS } from '../__fixtures__/s3-server.js';
import { s3Advice } from './s3-advice.js';
import { connect } from './s3-client.js';
import { PART_BYTES, S3Store } from './s3-store.js';

const environment = { ...process.env };
let server: Server;
/** What was asked of the service, in order. */
let requests: string[];

beforeEach(() => {
  requests = [];
  Object.assign(process.env, CREDENTIALS, {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_CONFIG_FILE: '/dev/null',
  });
});
afterEach(async () => {
  process.env = { ...environment };
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
});

type Options = ConstructorParameters<typeof S3Store>[0];

/** A store of a service that answers as told. */
async function storeOf(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: Partial<Options> = {},
): Promise<S3Store> {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume();
    request.on('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return at({ endpoint: `http://127.0.0.1:${port}`, ...options });
}

const at = (options: Partial<Options>): S3Store =>
  new S3Store({ bucket: 'b', prefix: 'run', region: 'us-east-1', forcePathStyle: true, ...options });

/** An error as S3 writes it. */
function refusal(status: number, code: string, more = '', headers: Record<string, string> = {}) {
  return (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>In their words.</Message>${more}</Error>`);
  };
}

async function messageOf(failing: Promise<unknown>): Promise<string> {
  const error = await failing.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  expect(error).toHaveProperty('code', 'X_CHECKPOINT');
  return (error as CheckpointError).message;
}

test.each([
  [404, 'NoSuchBucket', 'there is no bucket "b" at http://127.0.0.1'],
  [404, 'NoSuchKey', 's3://b/run/x could not be read: there is no such object'],
  [403, 'AccessDenied', 'access is denied (AccessDenied); the credentials need s3:ListBucket on "b", and s3:GetObject'],
  [403, 'AllAccessDisabled', 'access is denied (AllAccessDisabled)'],
  [403, 'InvalidAccessKeyId', 'does not accept the credentials (InvalidAccessKeyId)'],
  [403, 'SignatureDoesNotMatch', 'does not accept the credentials (SignatureDoesNotMatch)'],
  [400, 'ExpiredToken', 'the credentials have expired (ExpiredToken); sign in again'],
  [400, 'InvalidArgument', 'In their words. (InvalidArgument)'],
])('an answer of %d %s says what to do', async (status, code, advice) => {
  const store = await storeOf(refusal(status, code));
  expect(await messageOf(store.get('x'))).toContain(advice);
});

test.each([
  [refusal(400, 'AuthorizationHeaderMalformed', '<Region>eu-west-1</Region>'), 'is in "eu-west-1", not in "us-east-1"'],
  [refusal(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-1' }), 'set region: "eu-west-1"'],
  [refusal(301, 'PermanentRedirect'), `is not in "us-east-1"; set "region" to the bucket's`],
])('another region is named where the service names it', async (answer, advice) => {
  expect(await messageOf((await storeOf(answer)).list())).toContain(advice);
});

test('a busy service is asked three times', async () => {
  const store = await storeOf(refusal(503, 'SlowDown'));
  expect(await messageOf(store.list())).toContain('busy or broken (SlowDown, after 3 attempts); try again later');
  expect(requests).toHaveLength(3);
});

test('a service that recovers is not noticed', async () => {
  let failures = 2;
  const store = await storeOf((request, response) => {
    if (failures-- > 0) refusal(500, 'InternalError')(request, response);
    else response.end();
  });
  await store.commit('manifest.json', new Uint8Array(5));
  expect(requests).toEqual(Array(3).fill('PUT /b/run/manifest.json?x-id=PutObject'));
});

test('an endpoint that is something else is told apart', async () => {
  const store = await storeOf((_, response) => response.writeHead(200).end('{"hello": "world"}'));
  expect(await messageOf(store.list())).toContain('check that "endpoint" is the address of its API');
});

// Made by hand: the client does not know Node's own errors for errors where tests run in a realm of their own.
test.each([
  [
    'ECONNREFUSED',
    'connect ECONNREFUSED 127.0.0.1:1',
    'https://s3 cannot be reached (ECONNREFUSED); check the network',
  ],
  ['ENOTFOUND', 'getaddrinfo ENOTFOUND b.s3', 'the host is unknown (getaddrinfo ENOTFOUND b.s3); check the network'],
])('without a network, %s says what to check', (code, message, advice) => {
  const place = { bucket: 'b', region: null, endpoint: 'https://s3' };
  expect(s3Advice(Object.assign(new Error(message), { code }), place)).toContain(advice);
});

test('without a region it says where one is looked for', async () => {
  delete process.env['AWS_REGION'];
  expect(await messageOf(at({ region: null }).list())).toContain('the region is not known; set "region", AWS_REGION');
});

test('without credentials it says where they are looked for', async () => {
  for (const name of Object.keys(CREDENTIALS)) delete process.env[name];
  expect(await messageOf(at({ endpoint: 'http://127.0.0.1:1' }).list())).toContain(
    's3://b/run/ could not be listed: no credentials were found; set AWS_ACCESS_KEY_ID',
  );
});

test('a host that never answers is an error', async () => {
  const store = await storeOf(() => undefined, { timeoutSeconds: 0.05 });
  expect(await messageOf(store.get('x'))).toMatch(/cannot be reached \(TimeoutError\)|cannot be reached \(ECONN/);
});

test('a connection that breaks off is no damage', async () => {
  const store = await storeOf((_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write(Buffer.alloc(400), () => response.destroy());
  });
  expect(await messageOf(store.get('x', { bytes: 1000 }))).toContain('s3://b/run/x could not be read');
});

test('a list of several pages is read to its end', async () => {
  const store = await storeOf((request, response) => {
    const second = request.url!.includes('continuation-token=next');
    const next = second ? '' : '<NextContinuationToken>next</NextContinuationToken>';
    const file = `<Contents><Key>run/${second ? 'b' : 'a'}</Key></Contents>`;
    response.end(
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>${!second}</IsTruncated>${next}${file}</ListBucketResult>`,
    );
  });
  expect(await store.list()).toEqual(['a', 'b']);
});

test('every upload carries its SHA-256', async () => {
  let sent: IncomingMessage['headers'] = {};
  const store = await storeOf((request, response) => {
    sent = request.headers;
    response.end();
  });
  await store.put('x', new TextEncoder().encode('abc'));
  // FIPS 180-2, appendix B.1
  const sum = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(sent['x-amz-checksum-sha256']).toBe(Buffer.from(sum, 'hex').toString('base64'));
});

test('an upload in parts that fails is given up, so that the parts are not kept', async () => {
  const store = await storeOf((request, response) => {
    if (request.method === 'POST') {
      response.end(
        '<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
      );
    } else if (request.method === 'DELETE') response.writeHead(204).end();
    else refusal(403, 'AccessDenied')(request, response);
  });
  expect(await messageOf(store.put('x', new Uint8Array(PART_BYTES + 1)))).toContain('access is denied');
  expect(requests.at(-1)).toMatch(/^DELETE .b.run.x\?.*uploadId=u/);
});

test.each([
  ['ERR_MODULE_NOT_FOUND', "Cannot find package '@aws-sdk/lib-storage' imported from s3-client.js"],
  ['MODULE_NOT_FOUND', "Cannot find module '@aws-sdk/client-s3'"],
])('a peer that is not installed is named, with the command (%s)', async (code, message) => {
  const [name] = /@aws-sdk\/[\w-]+/.exec(message)!;
  const service = { region: null, endpoint: null, forcePathStyle: false, timeoutSeconds: 60 };
  const missing = Object.assign(new Error(message), { code });
  expect(await messageOf(connect(service, () => Promise.reject(missing)))).toBe(
    `the store "s3" needs the package ${name}, which is not installed: ` +
      'npm install @aws-sdk/client-s3 @aws-sdk/lib-storage',
  );
});

test('a peer that is installed and broken is not called missing', async () => {
  const service = { region: null, endpoint: null, forcePathStyle: false, timeoutSeconds: 60 };
  const broken = Object.assign(new Error("Cannot find module 'tslib'"), { code: 'MODULE_NOT_FOUND' });
  await expect(connect(service, () => Promise.reject(broken))).rejects.toBe(broken);
});
