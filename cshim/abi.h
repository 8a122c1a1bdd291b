/* The numbered tables that generated code is written against: struct offsets, runtime helpers, well-known objects.
 *
 * The rows live in offsets.def, helpers.def and known.def.  C makes the arrays of them here; specializer/pyabi/gen makes the
 * Go names of the same rows in the same order.  A snapshot carries the values, so Go never hard-codes one.
 */
#ifndef PYSTON_LITE_ABI_H
#define PYSTON_LITE_ABI_H

#include "shim.h"

/* Private structs of CPython that machine code works on.  pl_offsets_check compares them with live objects. */
typedef struct pl_range_iter {    /* range_iterator: the items are start + step * index for index below len */
    PyObject_HEAD
    long index, start, step, len;
} pl_range_iter;

typedef struct pl_sequence_iter { /* list_iterator and tuple_iterator: seq is NULL when exhausted */
    PyObject_HEAD
    Py_ssize_t index;
    PyObject *seq;
} pl_sequence_iter;

extern const int32_t pl_offset_table[];
extern const uint32_t pl_offset_count;
const char *pl_offsets_check(void);         /* NULL: the mirrors above are right; else what is not, without exception */

extern const void *const pl_helper_table[];
extern const uint32_t pl_helper_count;

/* ---- arguments.c, callables.c: running Python functions in the activation that is running -------------------------------
 * False: nothing was done; it takes CPython's way, for instance because there is no machine code or the arguments do not fit.
 * True: *result is a new reference, or NULL with an exception set. */

/* A function and its positional arguments, which are moved into the frame. */
bool pl_enter_function(PyThreadState *ts, pl_ctx *ctx, PyObject *callable, PyObject **args, int64_t n, PyObject **result);
/* The same for a borrowed method and borrowed arguments. */
bool pl_enter_method(PyObject *method, PyObject **args, int64_t n, pl_ctx *ctx, PyThreadState *ts, PyObject **result);
/* The same as pl_enter_function with keywords (or NULL), whose arguments follow the n positional ones; all are moved.  `spread`
 * is the dictionary that all of these come from, or NULL. */
bool pl_enter_arguments(PyThreadState *ts, pl_ctx *ctx, PyObject *callable, PyObject **args, int64_t n, PyObject *kwnames,
                        PyObject *spread, PyObject **result);
/* A class or an instance with __call__; the arguments are borrowed. */
bool pl_enter_callable(PyThreadState *ts, pl_ctx *ctx, PyObject *callable, PyObject **args, int64_t n, PyObject *kwnames,
                       PyObject *spread, PyObject **result);

/* ---- lookups.c: without running code of the program ------------------------------------------------------------------- */

typedef enum pl_found { PL_ABSENT, PL_FOUND, PL_UNKNOWN } pl_found;
pl_found pl_dict_find(PyObject *dict, PyObject *key, PyObject **value);     /* of a dict of any class; the value is borrowed */
pl_found pl_set_find(PyObject *set, PyObject *key);

/* ---- runtime helpers of our own; helpers.def says what each expects ------------------------------------------------ */

typedef struct pl_pair { PyObject *first, *second; } pl_pair;           /* rax, rdx */
typedef struct pl_item { PyObject *value; int64_t failed; } pl_item;    /* rax, rdx */
typedef struct pl_float { double value; int64_t failed; } pl_float;     /* xmm0, rax */

PyObject *pl_power(PyObject *a, PyObject *b);
PyObject *pl_inplace_power(PyObject *a, PyObject *b);
PyObject *pl_compare_lt(PyObject *a, PyObject *b);
PyObject *pl_compare_le(PyObject *a, PyObject *b);
PyObject *pl_compare_eq(PyObject *a, PyObject *b);
PyObject *pl_compare_ne(PyObject *a, PyObject *b);
PyObject *pl_compare_gt(PyObject *a, PyObject *b);
PyObject *pl_compare_ge(PyObject *a, PyObject *b);
int pl_compare_bool_lt(PyObject *a, PyObject *b);
int pl_compare_bool_le(PyObject *a, PyObject *b);
int pl_compare_bool_eq(PyObject *a, PyObject *b);
int pl_compare_bool_ne(PyObject *a, PyObject *b);
int pl_compare_bool_gt(PyObject *a, PyObject *b);
int pl_compare_bool_ge(PyObject *a, PyObject *b);
uint64_t pl_str_equal(PyObject *a, PyObject *b);
/* pl_str_equal in line for strs that are interned, as names and most keys are. */
static inline bool
pl_str_same(PyObject *a, PyObject *b)
{
    return PyUnicode_CHECK_INTERNED(a) && PyUnicode_CHECK_INTERNED(b) ? a == b : pl_str_equal(a, b) != 0;
}
int pl_contains(PyObject *item, PyObject *container);
bool pl_leaves_answer(PyTypeObject *meta);          /* whether a metaclass leaves isinstance to type */
int pl_is_instance(PyObject *object, PyObject *class);
/* Whether objects of a class, by its version, are instances of another one, whose metaclass has the version `meta`: 0 or 1; -1 when
 * CPython has to be asked.  helpers_ops.c says how long that holds. */
typedef struct pl_answer { _Alignas(32) PyObject *class; uint32_t version, meta; int is; } pl_answer;
/* Those that machine code looks up, at the version exclusive-or a mark of the other class; none is -1.  It looks at `meta` unless the
 * metaclass is type. */
enum { PL_INSTANCE_ANSWERS = 1024 };
extern pl_answer pl_instance_answers[PL_INSTANCE_ANSWERS];
int pl_instance_of(PyObject *object, PyObject *class, uint64_t mark);
int pl_delete_attribute(PyObject *object, PyObject *name);
/* The value of an exact int of at most one digit; false: it is something else. */
static inline bool
pl_short_int(PyObject *o, Py_ssize_t *value)
{
    if (!PyLong_CheckExact(o) || (size_t)(Py_SIZE(o) + 1) > 2) {
        return false;
    }
    *value = Py_SIZE(o) * (Py_ssize_t)((PyLongObject *)o)->ob_digit[0];
    return true;
}
pl_float pl_pow_float(double a, double b);
pl_float pl_floordiv_float(double a, double b);
pl_float pl_mod_float(double a, double b);

PyObject *pl_get_attr(PyObject *object, PyObject *name);
int pl_set_attr(PyObject *object, PyObject *name, PyObject *value);
pl_pair pl_get_method(PyObject *object, PyObject *name);
pl_found pl_find_attr(PyObject *object, PyObject *name, PyObject **value);
PyObject *pl_get_attr_cached(PyObject *object, PyObject *name, pl_attr_cache *cache);
int pl_set_attr_cached(PyObject *object, PyObject *name, PyObject *value, pl_attr_cache *cache);
pl_pair pl_get_method_cached(PyObject *object, PyObject *name, pl_attr_cache *cache);
pl_pair pl_super_method(PyObject *self, PyObject *name, PyObject *class, pl_attr_cache *cache);
PyObject *pl_call(PyObject **stack, int64_t n, PyObject *kwnames, pl_ctx *ctx, PyThreadState *ts);
PyObject *pl_new_instance(PyObject *type);
void pl_init_returned(PyObject *value);
PyObject *pl_get_item(PyObject *container, PyObject *key, pl_ctx *ctx, PyThreadState *ts);
int pl_set_item(PyObject *container, PyObject *key, PyObject *value, pl_ctx *ctx, PyThreadState *ts);
PyObject *pl_get_slice(PyObject *container, PyObject *start, PyObject *stop, PyObject *step);
int pl_set_slice(PyObject *container, PyObject *start, PyObject *stop, PyObject *step, PyObject *value);
PyObject *pl_binary(PyObject *a, PyObject *b, pl_ctx *ctx, PyThreadState *ts, int64_t number);
PyObject *pl_class_method(PyObject *object, PyObject *name);
PyObject *pl_call_stealing(PyObject *function, PyObject **args, int64_t n);
PyObject *pl_call_ex(PyObject *callable, PyObject *args, PyObject *kwargs, pl_ctx *ctx, PyThreadState *ts);
int pl_check_recursion(PyThreadState *ts);
int pl_do_raise(PyObject *exception, PyObject *cause);
int pl_reraise(PyObject *exception);
int pl_exc_match(PyObject *exception, PyObject *named);
pl_pair pl_eg_match(PyObject *exception, PyObject *named);
PyObject *pl_reraise_star(PyObject *caught, PyObject *raised);
PyObject *pl_poll_called(PyObject *result, PyThreadState *ts);
pl_pair pl_before_with(PyObject *manager, pl_ctx *ctx, PyThreadState *ts);
pl_pair pl_before_async_with(PyObject *manager, pl_ctx *ctx, PyThreadState *ts);
PyObject *pl_with_except_start(PyObject *exit, PyObject *exception, pl_ctx *ctx, PyThreadState *ts);

PyObject *pl_build_tuple(PyObject **items, int64_t n);
PyObject *pl_build_list(PyObject **items, int64_t n);
PyObject *pl_build_set(PyObject **items, int64_t n);
PyObject *pl_build_map(PyObject **items, int64_t n);
PyObject *pl_build_const_map(PyObject **values, int64_t n, PyObject *keys);
PyObject *pl_concat_in_place(PyObject *left, PyObject *right);
PyObject *pl_build_string(PyObject **items, int64_t n);
int pl_list_append(PyObject *list, PyObject *value);
int pl_list_extend(PyObject *list, PyObject *iterable);
int pl_dict_update(PyObject *dict, PyObject *update);
int pl_dict_merge(PyObject *dict, PyObject *update, PyObject *callable);
PyObject *pl_format_value(PyObject *value, PyObject *spec, int64_t flags);
PyObject *pl_make_function(PyObject *code, PyObject *globals, int64_t flags, PyObject **operands);

PyObject *pl_match_kind(PyObject *subject, int64_t flag);
PyObject *pl_match_keys(PyObject *subject, PyObject *keys);
PyObject *pl_match_class(PyObject *subject, PyObject *class, PyObject *names, int64_t n);

PyObject *pl_make_generator(pl_frame *f, PyThreadState *ts);
pl_item pl_generator_returned(PyObject *generator, PyObject *result, PyThreadState *ts);
pl_item pl_generator_exhausted(PyObject *generator, PyObject *result, PyThreadState *ts);
pl_item pl_send(PyObject *receiver, PyObject *value, pl_ctx *ctx, PyThreadState *ts);
PyObject *pl_new_generator(PyObject *function, PyObject **args, int64_t n, PyThreadState *ts);
PyObject *pl_yield_from_iter(PyObject *iterable, int64_t kind, pl_ctx *ctx, PyThreadState *ts);
PyObject *pl_iter(PyObject *iterable, pl_ctx *ctx, PyThreadState *ts);
PyObject *pl_awaitable(PyObject *o, int64_t where);
PyObject *pl_aiter(PyObject *o);
PyObject *pl_anext(PyObject *iterator);
PyObject *pl_async_gen_wrap(PyObject *value);

pl_item pl_next(PyObject *iterator);
PyObject *pl_unpack(PyObject *iterable, int64_t n);
void pl_store_items(pl_frame *f, PyObject **items, int64_t n);
PyObject *pl_unpack_ex(PyObject *iterable, int64_t before, int64_t after);

PyObject *pl_load_global(PyObject *globals, PyObject *builtins, PyObject *name);
int pl_delete_global(pl_frame *f, PyObject *name);
PyObject *pl_load_name(pl_frame *f, PyObject *name);
int pl_store_name(pl_frame *f, PyObject *name, PyObject *value);
int pl_delete_name(pl_frame *f, PyObject *name);
PyObject *pl_load_deref(PyObject *cell, PyCodeObject *code, int64_t slot);
int pl_delete_deref(PyObject *cell, PyCodeObject *code, int64_t slot);
PyObject *pl_load_class_deref(pl_frame *f, PyObject *cell, int64_t slot);
int pl_setup_annotations(pl_frame *f);
PyObject *pl_load_build_class(pl_frame *f);
PyObject *pl_import_name(pl_frame *f, PyObject *name, PyObject *fromlist, PyObject *level);
PyObject *pl_import_from(PyObject *module, PyObject *name);

#endif
