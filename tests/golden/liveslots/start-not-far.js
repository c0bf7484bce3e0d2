export const buildRootObject = () => harden({ ping: 1 });
