/** What an agent shows the masters: a certificate that lies in its data dir. */
import { join } from 'node:path';
import { SampanError } from '../reconcilers/ports/errors.ts';
import { readSecretFile } from './adapters/certificates/secret-file.ts';

export interface NodeCredentialOptions {
  readonly servers: readonly string[];
  readonly nodeName: string;
  readonly addresses: readonly string[];
  readonly folder: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

export class NodeCredential {
  readonly #pem: { readonly ca: string; readonly cert: string; readonly key: string };

  private constructor(pem: { ca: string; cert: string; key: string }) {
    this.#pem = pem;
  }

  static async open({ folder }: NodeCredentialOptions, _deps: unknown, _signal: AbortSignal): Promise<NodeCredential> {
    const [ca, own] = ['ca.pem', 'node.pem'].map((name) => readSecretFile(join(folder, name)));
    if (ca === undefined || own === undefined) {
      throw new SampanError('Usage', { detail: `${folder} holds no ca.pem and node.pem` });
    }
    return new NodeCredential({ ca, cert: own, key: own });
  }

  tls(): { ca: string; cert: string; key: string } {
    return this.#pem;
  }

  async keepRenewed(_onRenewed: () => void, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}
