/**
 * Requests for a node's certificate (PKCS#10): the agent makes one with its own key, a master reads it. Who gets what it asks for is
 * not decided here. RFC 2986.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { cryptoKeysOf, KEY, SIGNING, x509Library } from './x509-library.ts';

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';

export interface RequestedCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** DNS names and addresses. */
  readonly names: readonly string[];
  readonly publicKey: KeyObject;
}

/** In PEM, signed with `key`. */
export async function makeCertificateRequest(
  { commonName, organizations, names }: Omit<RequestedCertificate, 'publicKey'>,
  key: KeyObject,
): Promise<string> {
  const x509 = await x509Library();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([
      ...organizations.map((organization) => ({ O: [{ utf8String: organization }] })),
      { CN: [{ utf8String: commonName }] },
    ]),
    keys: cryptoKeysOf(key),
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
    ],
  });
  return `${request.toString('pem')}\n`;
}

/** BadRequest where `pem` is none, asks for what no node has, or was not signed by the key that it names. */
export async function readCertificateRequest(pem: string): Promise<RequestedCertificate> {
  const x509 = await x509Library();
  let isSigned: boolean;
  let read: RequestedCertificate;
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const subject = request.subjectName.toJSON();
    const values = (field: string) => subject.flatMap((part) => part[field] ?? []);
    const known = values('O').length + values('CN').length;
    if (known !== subject.flatMap(Object.values).flat().length) throw new Error('the subject holds more than O and CN');
    const [commonName = '', ...others] = values('CN');
    if (others.length > 0) throw new Error('the subject has more than one CN');
    read = {
      commonName,
      organizations: values('O'),
      names: namesIn(request.extensions, x509),
      publicKey: createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' }),
    };
    isSigned = await request.verify();
  } catch (cause) {
    throw refused(messageOf(cause), cause);
  }
  if (read.publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw refused(`expected a key on the curve ${KEY.namedCurve}`);
  }
  if (!isSigned) throw refused('its signature is not that of the key');
  return read;
}

type Library = Awaited<ReturnType<typeof x509Library>>;

function namesIn(extensions: readonly { type: string; rawData: ArrayBuffer }[], x509: Library): readonly string[] {
  return extensions.flatMap(({ type, rawData }) => {
    if (type !== SUBJECT_ALTERNATIVE_NAME) throw new Error(`extension ${type} is not for a node to ask for`);
    return new x509.SubjectAlternativeNameExtension(rawData).names.toJSON().map((name) => {
      if (name.type === 'dns' || name.type === 'ip') return name.value;
      throw new Error(`a name of type ${name.type} is not for a node to ask for`);
    });
  });
}

function refused(detail: string, cause?: unknown): SampanError {
  return new SampanError('BadRequest', { detail: `spec.request is no request for a certificate: ${detail}` }, cause);
}
