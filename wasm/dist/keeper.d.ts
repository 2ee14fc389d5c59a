// The script of the keeper's page. It runs there and exports nothing.
export {};
