/** Where a request went. */
export interface S3Place {
  readonly bucket: string;
  readonly region: string | null;
  readonly endpoint: string | null;
}

/** What the client's errors may carry: the service's code is the name, Node's code is the code. */
interface S3Failure {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Why a request failed and what to do about it, in a sentence. Source: "Error responses" of the Amazon S3 API Reference. */
export function s3Advice(error: unknown, { bucket, region, endpoint }: S3Place): string {
  const failure = Object(error) as S3Failure;
  const cause = failure.code ?? failure.name ?? '';
  const service = endpoint ?? 'Amazon S3';
  switch (cause) {
    case 'NoSuchKey':
    case 'NotFound':
      return 'there is no such object';
    case 'NoSuchBucket':
      return `there is no bucket "${bucket}" at ${service}; create it, or correct "bucket" or "endpoint"`;
    case 'CredentialsProviderError':
      return (
        'no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose a profile with AWS_PROFILE, ' +
        'or run where a role is attached'
      );
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
    case 'InvalidToken':
      return `${service} does not accept the credentials (${cause}); check those of the environment or the profile`;
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'TokenRefreshRequired':
      return `the credentials have expired (${cause}); sign in again`;
    case 'RequestTimeTooSkewed':
      return 'the clock of this machine is more than 15 minutes off; set it';
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return wrongRegion(failure, bucket, region);
    case 'BadDigest':
    case 'InvalidDigest':
    case 'XAmzContentSHA256Mismatch':
    case 'XAmzContentChecksumMismatch':
      return `the content was altered on its way (${cause}), and is not stored; try again`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return (
        `the host is unknown (${failure.message}); check the network, "region" and "endpoint", and set "forcePathStyle" ` +
        'for a service that has no host name per bucket'
      );
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EPIPE':
    case 'ETIMEDOUT':
    case 'TimeoutError':
      return `${service} cannot be reached (${cause}); check the network and "endpoint"`;
  }
  return failure.message === 'Region is missing'
    ? 'the region is not known; set "region", AWS_REGION, or the region of the profile'
    : byStatus(failure, bucket);
}

function byStatus({ name, message, $metadata = {} }: S3Failure, bucket: string): string {
  const { httpStatusCode = 0, attempts = 1 } = $metadata;
  if (httpStatusCode === 401 || httpStatusCode === 403) {
    return (
      `access is denied (${name}); the credentials need s3:ListBucket on "${bucket}", and s3:GetObject, s3:PutObject, ` +
      's3:DeleteObject and s3:AbortMultipartUpload on what is in it'
    );
  }
  if (httpStatusCode >= 500) {
    return `the service is busy or broken (${name}, after ${attempts} attempts); try again later`;
  }
  if (message?.includes('Deserialization error')) {
    return `the answer is not one of S3 (HTTP ${httpStatusCode}); check that "endpoint" is the address of its API`;
  }
  return `${message} (${name})`;
}

function wrongRegion({ Region, $response }: S3Failure, bucket: string, region: string | null): string {
  const actual = Region ?? $response?.headers?.['x-amz-bucket-region'];
  const asked = region === null ? 'the region of the environment' : `"${region}"`;
  return actual === undefined
    ? `the bucket "${bucket}" is not in ${asked}; set "region" to the bucket's`
    : `the bucket "${bucket}" is in "${actual}", not in ${asked}; set region: "${actual}"`;
}
