/** The one table of nftables that is ours: its address family and name. */
export const TABLE = 'ip sampan';
