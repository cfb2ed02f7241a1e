import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { env } from 'node:process';

/** A running service with a bucket, as options of a store. */
export interface S3Server {
  readonly options: { bucket: string; region: string; endpoint: string; forcePathStyle: boolean };
  readonly stop: () => Promise<void>;
}

/** The client's own chain finds these in the environment. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test-access-key', AWS_SECRET_ACCESS_KEY: 'test-secret-key' };

/**
 * Starts fauxqs in a process of its own. With X_TEST_S3_ENDPOINT, uses the bucket X_TEST_S3_BUCKET of a service that is
 * there already, with the credentials of the environment.
 */
export async function startS3Server(): Promise<S3Server> {
  env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const { X_TEST_S3_ENDPOINT: running, X_TEST_S3_BUCKET: bucket = 'runs', AWS_REGION: region = 'us-east-1' } = env;
  const at = (endpoint: string): S3Server['options'] => ({ bucket, region, endpoint, forcePathStyle: true });
  if (running !== undefined) return { options: at(running), stop: async () => undefined };
  Object.assign(env, CREDENTIALS);
  const server = fork(join(__dirname, 's3-server-process.mjs'), { execArgv: [] });
  const [endpoint] = (await once(server, 'message')) as [string];
  return {
    options: at(endpoint),
    stop: async () => {
      const exit = once(server, 'exit');
      server.disconnect();
      await exit;
    },
  };
}
