/* nolibc has no clone with a stack of its own: the child must not return through its parent's frames, so this is assembly. */
#include <asm/unistd.h>

#define CLONE_VM 0x100
#define CLONE_FS 0x200
#define CLONE_FILES 0x400
#define CLONE_SIGHAND 0x800
#define SIGCHLD 17

	.globl start_thread
	.type start_thread, @function
start_thread:			/* r3 body, r4 argument, r5 end of the stack */
	mr	6, 4
	addi	4, 5, -16	/* an empty frame: back chain 0, room for the callee's LR */
	li	0, 0
	stw	0, 0(4)
	stw	3, 8(4)		/* the kernel keeps only r14 to r31 and the stack across the call: hand over in memory */
	stw	6, 12(4)
	li	3, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD
	li	0, __NR_clone
	sc
	bns	1f
	neg	3, 3
1:	cmpwi	3, 0
	bnelr
	lwz	5, 8(1)
	lwz	3, 12(1)
	mtctr	5
	bctrl
	li	3, 0
	li	0, __NR_exit
	sc
	trap
	.size start_thread, . - start_thread
	.section .note.GNU-stack, "", @progbits
