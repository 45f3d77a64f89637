/** QEMU's user-mode PowerPC 440EP as a peer: it executes single instructions on operands we choose. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PeerRequest {
  /** Index into the instruction texts given to the constructor. */
  readonly operation: number;
  readonly fpscr: number;
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
  readonly target: bigint;
}
export interface PeerReply {
  readonly target: bigint;
  readonly fpscr: number;
  readonly cr: number;
}

/** The C program stays beside its source; the compiled tests lie in `dist`. */
const program = fileURLToPath(new URL('../../../test/fpu/qemu-vectors.c', import.meta.url));

export class QemuPeer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'fpu-peer-'));
  private readonly image = join(this.folder, 'vectors');

  /** @param instructions texts with FRT, FRA, FRB, FRC as registers 1 to 4. */
  constructor(instructions: readonly string[]) {
    const operations = instructions.map((text) => `OP("${text}")`).join(' ');
    const options = ['-O1', '-ffreestanding', '-nostdlib', '-static', '-fno-stack-protector', '-mcpu=440fp', '-mhard-float'];
    execFileSync('powerpc-linux-gnu-gcc', [...options, `-DOPERATIONS=${operations}`, program, '-o', this.image], { timeout: 60_000 });
  }

  execute(requests: readonly PeerRequest[]): PeerReply[] {
    const input = Buffer.alloc(40 * requests.length);
    for (const [i, request] of requests.entries()) {
      input.writeUInt32BE(request.operation, 40 * i);
      input.writeUInt32BE(request.fpscr, 40 * i + 4);
      for (const [j, bits] of [request.a, request.b, request.c, request.target].entries()) input.writeBigUInt64BE(bits, 40 * i + 8 + 8 * j);
    }
    const output = execFileSync('qemu-ppc', ['-cpu', '440ep', this.image], {
      input,
      maxBuffer: 16 * requests.length + 1024,
      timeout: 120_000,
    });
    return requests.map((_, i) => ({
      target: output.readBigUInt64BE(16 * i),
      fpscr: output.readUInt32BE(16 * i + 8),
      cr: output.readUInt32BE(16 * i + 12),
    }));
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
