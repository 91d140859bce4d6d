/** The pod routes' contract, held by the fake. The kernel holds it in test/e2e/pod-network.test.ts. */
import { FakePodRoutes } from '../fakes/fake-pod-routes.ts';
import { describePodRoutes } from './pod-routes.contract.ts';

describePodRoutes('fake', async () => {
  const routes = new FakePodRoutes();
  for (const block of ['192.0.2.0/24', '10.244.0.0/24']) routes.attach(block);
  return {
    routes,
    near: ['192.0.2.7', '192.0.2.8'],
    far: '198.51.100.3',
    damage: async (podCidr) => routes.damage(podCidr),
    take: async (block) => routes.attach(block),
  };
});
