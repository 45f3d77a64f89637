const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';
const TYPE_BITS = { directory: 0o040000, characterDevice: 0o020000, file: 0o100000 };

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

function member(name, inode, { mode = 0, deviceMajor = 0, deviceMinor = 0, content = Buffer.alloc(0) }) {
  const nameBytes = Buffer.from(`${name}\0`);
  // inode, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, deviceMajor, deviceMinor, nameBytes.length, 0];
  const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), nameBytes])), padded(content)]);
}

/**
 * A cpio archive in the "new ASCII" format that Linux takes as an initial RAM file system (Documentation/driver-api/early-userspace).
 * Owner root and time 0 throughout, so that equal entries give equal bytes; made here because a device node otherwise needs root.
 * @param {{ name: string, type: 'directory' | 'characterDevice' | 'file', permissions: number, deviceMajor?: number,
 *   deviceMinor?: number, content?: Buffer }[]} entries parents before children
 */
export function cpioArchive(entries) {
  const members = entries.map(({ name, type, permissions, ...rest }, index) =>
    member(name, index + 1, { ...rest, mode: TYPE_BITS[type] | permissions }),
  );
  return Buffer.concat([...members, member(TRAILER, 0, {})]);
}
