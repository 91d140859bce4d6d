/** The pair that tests and benchmarks declare: a ReplicationController of one container, and a Service before its pods. */

export interface ControlledService {
  readonly name: string;
  readonly replicas: number;
  readonly image: string;
  /** Written into each container's environment: another value is another template. */
  readonly version?: string;
  /** Of the Service, and of the container where that is another. */
  readonly port: number;
  readonly targetPort?: number;
  /** Default: one is given to it. */
  readonly clusterIP?: string;
  /** The Service is of type NodePort where it is given. */
  readonly nodePort?: number;
  /** Of the image's entry point. */
  readonly args?: readonly string[];
  /** Whether its port is asked before it counts as ready; otherwise a container that runs does. */
  readonly isProbed?: boolean;
}

export function manifestsOf(declared: ControlledService): string {
  const {
    name,
    replicas,
    image,
    version = '1',
    port,
    targetPort = port,
    clusterIP,
    nodePort,
    args,
    isProbed,
  } = declared;
  return `apiVersion: v1
kind: ReplicationController
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { name: ${name} }
  template:
    metadata: { labels: { name: ${name} } }
    spec:
      containers:
        - name: app
          image: ${image}
          env: [{ name: VERSION, value: "${version}" }]
          ports: [{ containerPort: ${targetPort} }]
${args === undefined ? '' : `          args: ${JSON.stringify(args)}\n`}${isProbed ? `          readinessProbe: { tcpSocket: { port: ${targetPort} }, periodSeconds: 1 }\n` : ''}---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { name: ${name} }
  ports: [{ port: ${port}, targetPort: ${targetPort}${nodePort === undefined ? '' : `, nodePort: ${nodePort}`} }]
${nodePort === undefined ? '' : '  type: NodePort\n'}${clusterIP === undefined ? '' : `  clusterIP: ${clusterIP}\n`}`;
}
