// What `import '@endo/init'` and its like find here: a vat begins in a realm that is locked down.
export {};
