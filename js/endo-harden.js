// @endo/harden
const { harden } = globalThis;
export default harden;
