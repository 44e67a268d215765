/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Where a hooked function is diverted to (x86-64).  On entry registers and stack are those of the function's own entry,
 * and unlike in the callback of ftrace one may sleep here.  A stub of 16 bytes for each hook pushes its number.
 */
	.text
	.balign 16
	.globl gate_stubs
gate_stubs:
	.set number, 0
	.rept 64
	.balign 16, 0xcc
	pushq	$number
	jmp	entered
	.set number, number + 1
	.endr

	.balign 16, 0xcc
entered:
	.irp reg, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbx
	pushq	%\reg
	.endr
	movq	%rsp, %rdi
	call	gate_entered		/* puts the address to go on at where the number was */
	testl	%eax, %eax
	.irp reg, rbx, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
	popq	%\reg
	.endr
	jnz	1f
	ret				/* into the function, behind its call of __fentry__ */
	int3
1:	leaq	8(%rsp), %rsp
	ret				/* to its caller */
	int3

	.balign 16, 0xcc
	.globl gate_return
gate_return:				/* where a function returns to whose exit is a point */
	subq	$8, %rsp
	.irp reg, rax, rdx, rbx
	pushq	%\reg
	.endr
	movq	%rsp, %rdi
	call	gate_left		/* puts the address of the caller into the gap */
	.irp reg, rbx, rdx, rax
	popq	%\reg
	.endr
	ret
	int3
	.section .note.GNU-stack, "", @progbits
