/* Inside of the snapshot writer: what snapshot.c, snapbuf.c and feedback.c share. */
#ifndef PYSTON_LITE_SNAPSHOT_H
#define PYSTON_LITE_SNAPSHOT_H

#include "abi.h"

/* Numbers by address, open addressing; 0 is no number. */
typedef struct pl_ptrmap {
    const void **keys;
    uint32_t *values;
    uint32_t size, used;          /* size: 0 or a power of two */
} pl_ptrmap;

uint32_t pl_ptrmap_get(const pl_ptrmap *map, const void *key);
bool pl_ptrmap_add(pl_ptrmap *map, const void *key, uint32_t value);   /* key is new; false: no memory */
void pl_ptrmap_free(pl_ptrmap *map);

enum { PL_SNAP_CODES = 64 };      /* codes in one snapshot: the compiled one and its callees */

/* One snapshot in the making. */
typedef struct pl_snap {
    pl_code *unit_code;           /* of the compiled code */
    PyFunctionObject *func;       /* NULL for module and class bodies */
    PyObject *globals, *builtins;
    pl_frame *sample;             /* a frame of the code, or NULL */
    PyObject **objects;           /* by number, strong; objects[0] is NULL */
    uint8_t *depths;              /* how deep in tuples each was found */
    uint32_t n_objects, cap_objects;
    pl_ptrmap numbers;            /* object -> number */
    PyCodeObject *codes[PL_SNAP_CODES];   /* borrowed from objects; the compiled one first */
    bool callees[PL_SNAP_CODES];  /* whether it is the code of a function with our globals, which may be inlined */
    uint32_t n_codes;
    bool failed;                  /* no memory, or a limit: the snapshot is given up */
} pl_snap;

uint32_t pl_snap_object(pl_snap *s, PyObject *object);       /* its number; 0 for NULL or on failure */
void pl_snap_callee(pl_snap *s, PyObject *value);            /* value is called, perhaps: its code becomes known */
PyObject *pl_python_init(PyTypeObject *type);                /* borrowed; see ClassInfo.Init of pyabi */

void pl_put(pl_buffer *out, const void *data, size_t size);
void pl_put_u8(pl_buffer *out, uint8_t value);
void pl_put_u16(pl_buffer *out, uint16_t value);
void pl_put_u32(pl_buffer *out, uint32_t value);
void pl_put_u64(pl_buffer *out, uint64_t value);

/* ---- feedback.c ------------------------------------------------------------------------------------------------------ */
void pl_put_feedback(pl_snap *s, PyCodeObject *co, pl_buffer *out);   /* numbers the callees it meets */
PyObject *pl_class_value(PyTypeObject *class, PyObject *name, bool *bound);      /* caches.c */
bool pl_may_change(PyObject *found);
bool pl_string_keyed(PyObject *dict);                        /* looking a string up runs no Python code; false of NULL */
bool pl_kind_version(PyObject *found, uint32_t *version);   /* caches.c */
uint32_t pl_type_version(PyTypeObject *type);                /* assigns one when there is none; 0 when it cannot have one */
PyDictKeysObject *pl_cached_keys(PyTypeObject *type);        /* the shared keys of its instances, which it never changes for others; or NULL */
uint32_t pl_cached_keys_version(PyTypeObject *type);         /* and their version, likewise */

#endif
