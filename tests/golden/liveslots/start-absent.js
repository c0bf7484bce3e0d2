export const makeRoot = () => {};
