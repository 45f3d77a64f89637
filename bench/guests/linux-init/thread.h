#ifndef THREAD_H
#define THREAD_H

/*
 * Runs body(argument) on a stack of its own in the same address space, with the same files and signal handlers, and exits with 0.
 * Returns the number of the new thread, to be waited for like a child, or a negative error number.
 */
int start_thread(void (*body)(void *), void *argument, void *stack_end);

#endif
