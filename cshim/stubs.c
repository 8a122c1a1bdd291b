/* The assembly between C and machine code.  shim.h gives the register convention of machine code.
 *
 * All of it keeps rbp as a frame pointer while C runs: machine code calls the stubs with rbp = the Python frame and with
 * stacks of any alignment (exit tails push two words first), so each stub saves rbp, aligns and restores from it.
 */
#include "shim.h"

/* What debuggers are told. To them the stubs are as package unwind of the compiler says it for machine code: a stub that runs or
 * ends a Python frame is followed by the caller of the frame, so that the frame is seen once, and routines between two units
 * are passed over (by their marker, `lea rsp, [rsp+8]`).  The numbers are DWARF's: 0x0f and 0x16 say how the caller's rsp
 * and rbp are computed, the lengths count the bytes that follow.  valgrind, which reads the rules, too, ends itself at operations
 * that it does not know: these are among those it does. */
_Static_assert(offsetof(pl_unit, frame_bytes) == 24 && sizeof(((pl_unit *)NULL)->frame_bytes) == 8,
               "the rules say where a unit has the size of its machine frame");
#define UNIT_FRAME "24"
/* Behind a stack pointer twice: the second one is 16 more if the instruction at the return address below it begins as the marker.
 * lit8 minus deref deref const1u(32) shl const4u(marker) const1u(32) shl eq lit4 shl plus */
#define PASS_ROUTINE \
    "0x38, 0x1c, 0x06, 0x06, 0x08, 32, 0x24, 0x0c, 0x48, 0x8d, 0x64, 0x24, 0x08, 32, 0x24, 0x29, 0x34, 0x24, 0x22"

/* The unit is left: rsp is what it was before the exit tail's two words, and the size of the unit's frame; rbp is the caller
 * of the frame whose address was pushed.
 * breg6(32) breg6(16) deref plus_uconst(frame_bytes) deref plus; breg6(0) deref plus_uconst(previous) deref */
#define LEFT_STACK "0x76, 32, 0x76, 16, 0x06, 0x23, " UNIT_FRAME ", 0x06, 0x22"
#define AT_EXIT \
    ".cfi_escape 0x0f, 37, " LEFT_STACK ", " LEFT_STACK ", " PASS_ROUTINE "\n" \
    ".cfi_escape 0x16, 6, 6, 0x76, 0, 0x06, 0x23, " PL_ASM_FRAME_PREVIOUS ", 0x06\n"

/* The unit goes on afterwards: only its two words are passed over. */
#define AT_FLUSH \
    ".cfi_def_cfa rbp, 32\n" \
    ".cfi_offset rbp, -32\n" \
    ".cfi_offset rip, -24\n"

/* Called by a unit, or by a routine of one, rbp saved.
 * breg6(16); breg6(16); breg6(0) deref */
#define AT_CALL \
    ".cfi_escape 0x0f, 23, 0x76, 16, 0x76, 16, " PASS_ROUTINE "\n" \
    ".cfi_escape 0x16, 6, 3, 0x76, 0, 0x06\n"

/* The same without a frame pointer, one word on the stack.
 * breg7(16); breg7(16) */
#define AT_ROUTINE_CALL ".cfi_escape 0x0f, 23, 0x77, 16, 0x77, 16, " PASS_ROUTINE "\n"

/* In place of a unit, the frame's address at rsp.
 * breg7(16); breg7(0) deref plus_uconst(previous) deref */
#define AT_COLD \
    ".cfi_escape 0x0f, 23, 0x77, 16, 0x77, 16, " PASS_ROUTINE "\n" \
    ".cfi_escape 0x16, 6, 6, 0x77, 0, 0x06, 0x23, " PL_ASM_FRAME_PREVIOUS ", 0x06\n"

_Static_assert(offsetof(pl_regs, gpr) == 0 && offsetof(pl_regs, xmm) == 128 && sizeof(pl_regs) == 256,
               "the exit stubs write pl_regs by offset");

#define STUB(name) \
    ".p2align 4\n" \
    ".globl " name "\n" \
    ".hidden " name "\n" \
    ".type " name ", @function\n" \
    name ":\n" \
    ".cfi_startproc\n" \
    "endbr64\n"

#define END(name) \
    ".cfi_endproc\n" \
    ".size " name ", .-" name "\n"

#define OPEN \
    "pushq %rbp\n" \
    ".cfi_def_cfa_offset 16\n" \
    ".cfi_offset rbp, -16\n" \
    "movq %rsp, %rbp\n" \
    ".cfi_def_cfa_register rbp\n"

#define CLOSE \
    "leave\n" \
    ".cfi_def_cfa rsp, 8\n" \
    ".cfi_offset rip, -8\n" \
    ".cfi_same_value rbp\n" \
    "ret\n"

/* Saves into the pl_regs at rsp.  The two words that an exit tail has pushed and its return address lie between the unit's
 * rsp and ours: rbp + 8 is the return address, + 16 the unit, + 24 the exit id, + 32 the unit's rsp. */
#define SAVE_REGS \
    "movq %rax, 0(%rsp)\n" \
    "movq %rcx, 8(%rsp)\n" \
    "movq %rdx, 16(%rsp)\n" \
    "movq %rbx, 24(%rsp)\n" \
    "leaq 32(%rbp), %rax\n" \
    "movq %rax, 32(%rsp)\n" \
    "movq (%rbp), %rax\n" \
    "movq %rax, 40(%rsp)\n" \
    "movq %rsi, 48(%rsp)\n" \
    "movq %rdi, 56(%rsp)\n" \
    "movq %r8, 64(%rsp)\n" \
    "movq %r9, 72(%rsp)\n" \
    "movq %r10, 80(%rsp)\n" \
    "movq %r11, 88(%rsp)\n" \
    "movq %r12, 96(%rsp)\n" \
    "movq %r13, 104(%rsp)\n" \
    "movq %r14, 112(%rsp)\n" \
    "movq %r15, 120(%rsp)\n"

#define SAVE_XMM \
    "movsd %xmm0, 128(%rsp)\n" \
    "movsd %xmm1, 136(%rsp)\n" \
    "movsd %xmm2, 144(%rsp)\n" \
    "movsd %xmm3, 152(%rsp)\n" \
    "movsd %xmm4, 160(%rsp)\n" \
    "movsd %xmm5, 168(%rsp)\n" \
    "movsd %xmm6, 176(%rsp)\n" \
    "movsd %xmm7, 184(%rsp)\n" \
    "movsd %xmm8, 192(%rsp)\n" \
    "movsd %xmm9, 200(%rsp)\n" \
    "movsd %xmm10, 208(%rsp)\n" \
    "movsd %xmm11, 216(%rsp)\n" \
    "movsd %xmm12, 224(%rsp)\n" \
    "movsd %xmm13, 232(%rsp)\n" \
    "movsd %xmm14, 240(%rsp)\n" \
    "movsd %xmm15, 248(%rsp)\n"

/* pl_exit(ts, f, regs, unit, id, ctx), the registers at rsp. */
#define CALL_EXIT \
    "movq %r15, %rdi\n" \
    "movq (%rbp), %rsi\n" \
    "movq %rsp, %rdx\n" \
    "movq 16(%rbp), %rcx\n" \
    "movq 24(%rbp), %r8\n" \
    "movq %r14, %r9\n" \
    "call pl_exit\n"

/* What the System V convention lets a C function destroy, xmm registers whole. */
#define SAVE_CALLER_SAVED \
    "movq %rax, 0(%rsp)\n" \
    "movq %rcx, 8(%rsp)\n" \
    "movq %rdx, 16(%rsp)\n" \
    "movq %rsi, 24(%rsp)\n" \
    "movq %rdi, 32(%rsp)\n" \
    "movq %r8, 40(%rsp)\n" \
    "movq %r9, 48(%rsp)\n" \
    "movq %r10, 56(%rsp)\n" \
    "movups %xmm0, 64(%rsp)\n" \
    "movups %xmm1, 80(%rsp)\n" \
    "movups %xmm2, 96(%rsp)\n" \
    "movups %xmm3, 112(%rsp)\n" \
    "movups %xmm4, 128(%rsp)\n" \
    "movups %xmm5, 144(%rsp)\n" \
    "movups %xmm6, 160(%rsp)\n" \
    "movups %xmm7, 176(%rsp)\n" \
    "movups %xmm8, 192(%rsp)\n" \
    "movups %xmm9, 208(%rsp)\n" \
    "movups %xmm10, 224(%rsp)\n" \
    "movups %xmm11, 240(%rsp)\n" \
    "movups %xmm12, 256(%rsp)\n" \
    "movups %xmm13, 272(%rsp)\n" \
    "movups %xmm14, 288(%rsp)\n" \
    "movups %xmm15, 304(%rsp)\n"

#define RESTORE_CALLER_SAVED \
    "movq 0(%rsp), %rax\n" \
    "movq 8(%rsp), %rcx\n" \
    "movq 16(%rsp), %rdx\n" \
    "movq 24(%rsp), %rsi\n" \
    "movq 32(%rsp), %rdi\n" \
    "movq 40(%rsp), %r8\n" \
    "movq 48(%rsp), %r9\n" \
    "movq 56(%rsp), %r10\n" \
    "movups 64(%rsp), %xmm0\n" \
    "movups 80(%rsp), %xmm1\n" \
    "movups 96(%rsp), %xmm2\n" \
    "movups 112(%rsp), %xmm3\n" \
    "movups 128(%rsp), %xmm4\n" \
    "movups 144(%rsp), %xmm5\n" \
    "movups 160(%rsp), %xmm6\n" \
    "movups 176(%rsp), %xmm7\n" \
    "movups 192(%rsp), %xmm8\n" \
    "movups 208(%rsp), %xmm9\n" \
    "movups 224(%rsp), %xmm10\n" \
    "movups 240(%rsp), %xmm11\n" \
    "movups 256(%rsp), %xmm12\n" \
    "movups 272(%rsp), %xmm13\n" \
    "movups 288(%rsp), %xmm14\n" \
    "movups 304(%rsp), %xmm15\n"

/* For units that keep nothing in xmm registers. */
#define SAVE_GENERAL \
    "pushq %rax\n" \
    "pushq %rcx\n" \
    "pushq %rdx\n" \
    "pushq %rsi\n" \
    "pushq %rdi\n" \
    "pushq %r8\n" \
    "pushq %r9\n" \
    "pushq %r10\n"

#define RESTORE_GENERAL \
    "popq %r10\n" \
    "popq %r9\n" \
    "popq %r8\n" \
    "popq %rdi\n" \
    "popq %rsi\n" \
    "popq %rdx\n" \
    "popq %rcx\n" \
    "popq %rax\n"

/* The body of a stub that gives r11 to a C function and has its result in r11; it preserves everything else, or, general, all but the
 * xmm registers. */
#define KEEPING_ALL(function) \
    OPEN \
    "subq $320, %rsp\n" \
    "andq $-16, %rsp\n" \
    SAVE_CALLER_SAVED \
    "movq %r11, %rdi\n" \
    "call " function "\n" \
    "movq %rax, %r11\n" \
    RESTORE_CALLER_SAVED \
    CLOSE
#define KEEPING_GENERAL(function) \
    OPEN \
    "andq $-16, %rsp\n" \
    SAVE_GENERAL \
    "movq %r11, %rdi\n" \
    "call " function "\n" \
    "movq %rax, %r11\n" \
    RESTORE_GENERAL \
    CLOSE

__asm__(
    ".text\n"

    /* PyObject *pl_asm_enter(ts = rdi, f = rsi, entry = rdx, ctx = rcx) */
    STUB("pl_asm_enter")
    OPEN
    "pushq %rbx\n"
    "pushq %r12\n"
    "pushq %r13\n"
    "pushq %r14\n"
    "pushq %r15\n"
    "subq $8, %rsp\n"
    ".cfi_offset rbx, -24\n"
    ".cfi_offset r12, -32\n"
    ".cfi_offset r13, -40\n"
    ".cfi_offset r14, -48\n"
    ".cfi_offset r15, -56\n"
    "movq %rdi, %r15\n"
    "movq %rcx, %r14\n"
    "movq %rsi, %rbp\n"
    ".cfi_def_cfa rsp, 64\n"
    "call *%rdx\n"
    "addq $8, %rsp\n"
    "popq %r15\n"
    "popq %r14\n"
    "popq %r13\n"
    "popq %r12\n"
    "popq %rbx\n"
    "popq %rbp\n"
    ".cfi_def_cfa rsp, 8\n"
    "ret\n"
    END("pl_asm_enter")

    STUB("pl_exit_stub")
    OPEN
    AT_EXIT
    "subq $256, %rsp\n"
    "andq $-16, %rsp\n"
    SAVE_REGS
    SAVE_XMM
    CALL_EXIT
    CLOSE
    END("pl_exit_stub")

    STUB("pl_exit_general_stub")
    OPEN
    AT_EXIT
    "subq $256, %rsp\n"
    "andq $-16, %rsp\n"
    SAVE_REGS
    CALL_EXIT
    CLOSE
    END("pl_exit_general_stub")

    /* A pl_regs for pl_exit to read lies below the area that is restored afterwards. */
    STUB("pl_flush_stub")
    OPEN
    AT_FLUSH
    "subq $320, %rsp\n"
    "andq $-16, %rsp\n"
    SAVE_CALLER_SAVED
    "subq $256, %rsp\n"
    SAVE_REGS
    SAVE_XMM
    CALL_EXIT
    "addq $256, %rsp\n"
    RESTORE_CALLER_SAVED
    CLOSE
    END("pl_flush_stub")

    STUB("pl_dealloc_stub")
    OPEN
    AT_CALL
    "subq $320, %rsp\n"
    "andq $-16, %rsp\n"
    SAVE_CALLER_SAVED
    "movq %r11, %rdi\n"
    "call pl_dealloc\n"
    RESTORE_CALLER_SAVED
    CLOSE
    END("pl_dealloc_stub")

    STUB("pl_dealloc_general_stub")
    OPEN
    AT_CALL
    "andq $-16, %rsp\n"
    SAVE_GENERAL
    "movq %r11, %rdi\n"
    "call pl_dealloc\n"
    RESTORE_GENERAL
    CLOSE
    END("pl_dealloc_general_stub")

    /* r11 is an object whose count is zero, and afterwards NULL, or the object if its death could run code. */
    STUB("pl_quiet_stub")
    KEEPING_ALL("pl_die_quietly")
    END("pl_quiet_stub")

    STUB("pl_quiet_general_stub")
    KEEPING_GENERAL("pl_die_quietly")
    END("pl_quiet_general_stub")

    /* Calls the C function in rax for a routine of a unit, which has put the arguments in place and aligned the stack. */
    STUB("pl_call_stub")
    "subq $8, %rsp\n"
    AT_ROUTINE_CALL
    "call *%rax\n"
    "addq $8, %rsp\n"
    ".cfi_def_cfa rsp, 8\n"
    "ret\n"
    END("pl_call_stub")

    /* The box stubs take the value in r11 and return the new object, or NULL with MemoryError set, in r11. */
    STUB("pl_box_int_stub")
    KEEPING_ALL("PyLong_FromLongLong@PLT")
    END("pl_box_int_stub")

    STUB("pl_box_int_general_stub")
    KEEPING_GENERAL("PyLong_FromLongLong@PLT")
    END("pl_box_int_general_stub")

    STUB("pl_box_float_stub")
    OPEN
    "subq $320, %rsp\n"
    "andq $-16, %rsp\n"
    SAVE_CALLER_SAVED
    "movq %r11, %xmm0\n"
    "call PyFloat_FromDouble@PLT\n"
    "movq %rax, %r11\n"
    RESTORE_CALLER_SAVED
    CLOSE
    END("pl_box_float_stub")

    /* Unit entry convention: rbp = linked frame, rsp = 8 mod 16. */
    STUB("pl_stub_cold")
    "pushq %rbp\n"
    AT_COLD
    "movq %r15, %rdi\n"
    "movq %rbp, %rsi\n"
    "movq %r14, %rdx\n"
    "call pl_run_cold\n"
    "popq %rdx\n"
    ".cfi_def_cfa rsp, 8\n"
    ".cfi_same_value rbp\n"
    "movq " PL_ASM_FRAME_PREVIOUS "(%rdx), %rbp\n"
    "ret\n"
    END("pl_stub_cold"));
