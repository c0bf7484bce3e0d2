export const buildRootObject = () => ({ ping() {} });
