// 1,000 dynamic vats, one after the other: made, used once, terminated; the kernel deletes them meanwhile.
//     time ./capstan run bench/dynamic/config.json --store FILE --reset
import { E, Far } from '@endo/far';
export const buildRootObject = ({ testLog }) => Far('bootstrap', {
  async bootstrap(vats, devices) {
    const svc = await E(vats.vatAdmin).createVatAdminService(devices.vatAdmin);
    const cap = await E(svc).getNamedBundleCap('tiny');
    for (let i = 0; i < 1000; i += 1) {
      const { root, adminNode } = await E(svc).createVat(cap, {});
      await E(root).hi(i);
      await E(adminNode).terminateWithFailure('done');
    }
    testLog('all done');
  } });
