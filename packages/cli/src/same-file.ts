import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Whether two paths lead to one file, by whatever links; a file that is not there is no other's. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  if (resolve(one) === resolve(other)) return true;
  const [first, second] = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)));
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}
