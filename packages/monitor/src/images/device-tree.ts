/** A device tree as a value: what the flattened blob, the board's own tree and the patches at boot have in common. */

export interface DeviceTreeNode {
  /** Name with its unit address, `serial@ef600300`; empty for the root. */
  readonly name: string;
  /** In the order of the blob. */
  readonly properties: readonly DeviceTreeProperty[];
  readonly children: readonly DeviceTreeNode[];
}

export interface DeviceTreeProperty {
  readonly name: string;
  readonly value: Uint8Array;
}

/** An entry of the blob's memory reservation block. */
export interface MemoryReservation {
  readonly address: bigint;
  readonly sizeBytes: bigint;
}

export interface DeviceTree {
  readonly root: DeviceTreeNode;
  readonly reservations: readonly MemoryReservation[];
  readonly bootCpu: number;
}

export const node = (
  name: string,
  properties: readonly DeviceTreeProperty[],
  children: readonly DeviceTreeNode[] = [],
): DeviceTreeNode => ({
  name,
  properties,
  children,
});

/** A property of 32-bit cells. */
export const cells = (name: string, ...values: number[]): DeviceTreeProperty => {
  const value = new Uint8Array(values.length * 4);
  const view = new DataView(value.buffer);
  values.forEach((cell, i) => {
    view.setUint32(i * 4, cell);
  });
  return { name, value };
};

/** A property of NUL-terminated strings. */
export const strings = (name: string, ...values: string[]): DeviceTreeProperty => ({
  name,
  value: Uint8Array.from(Buffer.from(values.map((text) => `${text}\0`).join(''), 'utf8')),
});

/** A property that says all by being there. */
export const flag = (name: string): DeviceTreeProperty => ({ name, value: new Uint8Array(0) });

export const findProperty = (parent: DeviceTreeNode, name: string): Uint8Array | undefined =>
  parent.properties.find((property) => property.name === name)?.value;

/** First cell of a property, or undefined if it is absent or shorter. */
export const firstCell = (parent: DeviceTreeNode, name: string): number | undefined => {
  const value = findProperty(parent, name);
  if (value === undefined || value.length < 4) return undefined;
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0);
};

/** The node with `properties` replaced where it has them and added where it has not. */
export const withProperties = (parent: DeviceTreeNode, properties: readonly DeviceTreeProperty[]): DeviceTreeNode => {
  const replaced = parent.properties.map((old) => properties.find((property) => property.name === old.name) ?? old);
  const added = properties.filter((property) => findProperty(parent, property.name) === undefined);
  return { ...parent, properties: [...replaced, ...added] };
};

/** The node with the first child that `matches` changed, or with `fallback`, so changed, added as its last child. */
export const withChild = (
  parent: DeviceTreeNode,
  matches: (child: DeviceTreeNode) => boolean,
  change: (child: DeviceTreeNode) => DeviceTreeNode,
  fallback: DeviceTreeNode,
): DeviceTreeNode => {
  const index = parent.children.findIndex(matches);
  if (index < 0) return { ...parent, children: [...parent.children, change(fallback)] };
  return { ...parent, children: parent.children.map((child, i) => (i === index ? change(child) : child)) };
};
