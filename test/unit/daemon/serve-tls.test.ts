import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { apiEndpoint, TlsService } from '../../../daemon/serve-tls.ts';
import { createTlsBed, type TlsBed } from '../apiserver/access/tls-bed.ts';

/** Its gateway is an address of the loopback interface. */
const POD_CIDR = '127.7.0.0/24';
const GATEWAY = '127.7.0.1';

describe('the API over HTTPS, for pods', () => {
  let bed: TlsBed;
  let securePort: number;
  let kubeconfig: string;
  const service = (place: { bindAddress?: string; securePort?: number } = {}) =>
    new TlsService(bed.server, bed.certificates, { bindAddress: '127.0.0.1', securePort, ...place }, bed.log);
  const answersAt = async (host: string) => {
    const socket = connect({ host, port: securePort, rejectUnauthorized: false });
    try {
      await once(socket, 'secureConnect');
      return true;
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
      return false;
    } finally {
      socket.destroy();
    }
  };

  before(async () => {
    bed = await createTlsBed();
    kubeconfig = join(bed.folder, 'kubeconfig');
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    securePort = (free.address() as AddressInfo).port;
    free.close();
    await once(free, 'close');
  });
  after(async () => {
    await bed.close();
  });

  it('is at the address that was asked for, or where that is of this machine alone, at the gateway of their network', () => {
    const at = (bindAddress: string, port = 6443, podCIDR: string | undefined = '10.244.3.0/24') =>
      apiEndpoint({ bindAddress, securePort: port }, '192.0.2.7', podCIDR);
    assert.deepEqual(at('127.0.0.1'), { addresses: ['10.244.3.1'], port: 6443 });
    assert.deepEqual(at('192.0.2.9', 443), { addresses: ['192.0.2.9'], port: 443 });
    assert.deepEqual(at('0.0.0.0'), { addresses: ['192.0.2.7'], port: 6443 });
    assert.equal(at('127.0.0.1', 0), undefined);
  });

  it('is nowhere as long as their network has no addresses', () => {
    const place = { bindAddress: '127.0.0.1', securePort: 6443 };
    assert.deepEqual(apiEndpoint(place, '192.0.2.7', undefined), { addresses: [], port: 6443 });
  });

  it('is opened once their network is there, and tried again where it could not be', async () => {
    const tls = service();
    await tls.open(kubeconfig);
    assert.equal(await answersAt('127.0.0.1'), true);
    assert.equal(await answersAt(GATEWAY), false);
    assert.match(readFileSync(kubeconfig, 'utf8'), new RegExp(`server: https://127.0.0.1:${securePort}`));
    assert.equal(statSync(kubeconfig).mode & 0o777, 0o600);

    const holder = createServer().listen(securePort, GATEWAY);
    await once(holder, 'listening');
    await tls.openForPods(POD_CIDR);
    const said = bed.log.lines.find(({ message }) => message === 'pods do not reach the API');
    assert.equal(said?.fields.address, GATEWAY);
    assert.match(String(said?.fields.error), /EADDRINUSE/);
    holder.close();
    await once(holder, 'close');

    await tls.openForPods(POD_CIDR);
    await tls.openForPods(POD_CIDR);
    assert.equal(await answersAt(GATEWAY), true);
  });

  it('is not opened beside an address that pods reach', async () => {
    await service({ bindAddress: '0.0.0.0' }).openForPods('127.8.0.0/24');
    assert.equal(await answersAt('127.8.0.1'), false);
  });

  it('is closed again where it was on its way when the server was closed', async () => {
    const tls = service();
    await bed.server.close();
    await tls.openForPods('127.9.0.0/24');
    assert.equal(await answersAt('127.9.0.1'), false);
  });
});
