/**
 * What `docker login` left on this node: the text of its `config.json`, read anew at each call; undefined where there is none. The
 * kubelet asks at each pull, so that a login is good for the next one.
 */
export type NodeLogins = () => Promise<string | undefined>;
