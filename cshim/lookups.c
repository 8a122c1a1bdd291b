/* Looking keys up in dictionaries and sets, for the keys that programs have: strs, short ints, and objects that are equal to
 * nothing but themselves, such as classes and functions.
 *
 * CPython's functions do more than that takes: they hash by a call, compare by a call, and hand the place of the entry around.
 * The search itself is the same (Objects/dictobject.c and setobject.c, 3.11).  It never runs code of the program: where an
 * entry has the hash of the key and may be equal to it in a way that only a comparison can tell, the answer is PL_UNKNOWN,
 * and CPython's function begins anew.
 */
#include "abi.h"

#include "internal/pycore_dict.h"

/* The hash of a key that is known without running anything: of an exact str that has been hashed before, as the keys of most
 * dictionaries have; of an exact int of at most two digits, which is its value (or -2 for -1); of an object that is hashed by
 * its address.  -1 for everything else. */
static inline Py_hash_t
known_hash(PyObject *key)
{
    if (PyUnicode_CheckExact(key)) {
        return ((PyASCIIObject *)key)->hash;
    }
    if (!PyLong_CheckExact(key)) {
        return Py_TYPE(key)->tp_hash == PyBaseObject_Type.tp_hash ? _Py_HashPointer(key) : -1;
    }
    if (Py_SIZE(key) < -2 || Py_SIZE(key) > 2) {
        return -1;
    }
    Py_ssize_t digits = Py_SIZE(key), n = digits < 0 ? -digits : digits;
    Py_hash_t value = n == 0 ? 0 : (Py_hash_t)((PyLongObject *)key)->ob_digit[0];
    value |= n == 2 ? (Py_hash_t)((PyLongObject *)key)->ob_digit[1] << PyLong_SHIFT : 0;
    return digits >= 0 ? value : value == 1 ? -2 : -value;
}

/* Whether two objects of the same hash, which are not one, are equal: PL_FOUND, PL_ABSENT or PL_UNKNOWN. */
static inline pl_found
equal(PyObject *a, PyObject *b)
{
    if (PyUnicode_CheckExact(a) && PyUnicode_CheckExact(b)) {
        return pl_str_same(a, b) ? PL_FOUND : PL_ABSENT;
    }
    if (PyLong_CheckExact(a) && PyLong_CheckExact(b) && Py_SIZE(a) == Py_SIZE(b) && Py_SIZE(a) >= -2 && Py_SIZE(a) <= 2) {
        /* As many digits, and the hash is the value; but -1 has that of -2. */
        return ((PyLongObject *)a)->ob_digit[0] == ((PyLongObject *)b)->ob_digit[0] ? PL_FOUND : PL_ABSENT;
    }
    return PL_UNKNOWN;
}

static inline Py_ssize_t
index_at(const PyDictKeysObject *keys, size_t i)
{
    return keys->dk_log2_size < 8 ? ((const int8_t *)keys->dk_indices)[i]
        : keys->dk_log2_size < 16 ? ((const int16_t *)keys->dk_indices)[i]
        : keys->dk_log2_size < 32 ? ((const int32_t *)keys->dk_indices)[i] : (Py_ssize_t)((const int64_t *)keys->dk_indices)[i];
}

enum { PERTURB_SHIFT = 5, LINEAR_PROBES = 9 };

/* dict[key], borrowed. */
pl_found
pl_dict_find(PyObject *dict, PyObject *key, PyObject **value)
{
    Py_hash_t hash = known_hash(key);
    if (hash == -1) {
        return PL_UNKNOWN;
    }
    const PyDictObject *d = (PyDictObject *)dict;
    PyDictKeysObject *keys = d->ma_keys;
    bool unicode = DK_IS_UNICODE(keys);
    size_t mask = ((size_t)1 << keys->dk_log2_size) - 1, perturb = (size_t)hash, i = (size_t)hash & mask;
    for (;; perturb >>= PERTURB_SHIFT, i = (i * 5 + perturb + 1) & mask) {
        Py_ssize_t at = index_at(keys, i);
        if (at == DKIX_EMPTY) {
            return PL_ABSENT;
        }
        if (at < 0) {
            continue;             /* deleted */
        }
        PyObject *other = unicode ? DK_UNICODE_ENTRIES(keys)[at].me_key : DK_ENTRIES(keys)[at].me_key;
        if (other != key) {
            if ((unicode ? ((PyASCIIObject *)other)->hash : DK_ENTRIES(keys)[at].me_hash) != hash) {
                continue;
            }
            pl_found same = equal(other, key);
            if (same == PL_ABSENT) {
                continue;
            }
            if (same == PL_UNKNOWN) {
                return PL_UNKNOWN;
            }
        }
        *value = d->ma_values != NULL ? d->ma_values->values[at]
            : unicode ? DK_UNICODE_ENTRIES(keys)[at].me_value : DK_ENTRIES(keys)[at].me_value;
        return *value != NULL ? PL_FOUND : PL_ABSENT;
    }
}

/* key in set */
pl_found
pl_set_find(PyObject *set, PyObject *key)
{
    Py_hash_t hash = known_hash(key);
    if (hash == -1) {
        return PL_UNKNOWN;
    }
    const PySetObject *s = (PySetObject *)set;
    size_t mask = (size_t)s->mask, perturb = (size_t)hash, i = (size_t)hash & mask;
    for (;; perturb >>= PERTURB_SHIFT, i = (i * 5 + 1 + perturb) & mask) {
        const setentry *entry = &s->table[i], *last = entry + (i + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0);
        for (; entry <= last; entry++) {
            if (entry->key == NULL) {
                return PL_ABSENT; /* never used; what was deleted has a key of its own */
            }
            if (entry->hash != hash) {
                continue;
            }
            pl_found same = entry->key == key ? PL_FOUND : equal(entry->key, key);
            if (same != PL_ABSENT) {
                return same;
            }
        }
    }
}
