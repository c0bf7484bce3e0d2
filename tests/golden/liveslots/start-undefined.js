export const buildRootObject = () => {};
