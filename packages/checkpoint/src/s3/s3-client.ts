import type * as Client from '@aws-sdk/client-s3';
import type * as Uploads from '@aws-sdk/lib-storage';
import { CheckpointError } from '@x/trainer-core';

/** The two optional peers. */
export interface S3Packages {
  readonly client: typeof Client;
  readonly uploads: typeof Uploads;
}

/** What S3's requests are sent with. */
export interface S3Connection extends S3Packages {
  readonly s3: Client.S3Client;
}

/** Where the service is and how long it is waited for. Credentials come from the client's own chain. */
export interface S3Service {
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly forcePathStyle: boolean;
  readonly timeoutSeconds: number;
}

export const INSTALL_COMMAND = 'npm install @aws-sdk/client-s3 @aws-sdk/lib-storage';

/** @throws CheckpointError if a peer is not installed, with the command that installs it. */
export async function connect(
  { region, endpoint, forcePathStyle, timeoutSeconds }: S3Service,
  load: () => Promise<S3Packages> = importPeers,
): Promise<S3Connection> {
  const packages = await load().catch((error: unknown) => {
    throw explainMissing(error);
  });
  const s3 = new packages.client.S3Client({
    ...(region !== null && { region }),
    ...(endpoint !== null && { endpoint }),
    forcePathStyle,
    // The client has no limit of its own: against a host that swallows packets a save would never end.
    requestHandler: { connectionTimeout: timeoutSeconds * 1000, socketTimeout: timeoutSeconds * 1000 },
    // Every file is checked against the manifest's SHA-256; what fails there is damage, to which there is an answer.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return { ...packages, s3 };
}

async function importPeers(): Promise<S3Packages> {
  const [client, uploads] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')]);
  return { client, uploads };
}

function explainMissing(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  const [name] = /@aws-sdk\/(client-s3|lib-storage)/.exec(message) ?? [];
  if (!missing || name === undefined) return error;
  return new CheckpointError(
    'X_CHECKPOINT',
    `the store "s3" needs the package ${name}, which is not installed: ${INSTALL_COMMAND}`,
    { cause: error },
  );
}
