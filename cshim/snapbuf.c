/* The growing buffer and the address table of the snapshot writer. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

/* ---- bytes -------------------------------------------------------------------------------------------------------------- */

void
pl_put(pl_buffer *out, const void *data, size_t size)
{
    if (out->failed) {
        return;
    }
    if (size > out->cap - out->len) {
        size_t cap = out->cap < 4096 ? 4096 : out->cap;
        while (cap - out->len < size) {
            cap *= 2;
        }
        uint8_t *grown = realloc(out->data, cap);
        if (grown == NULL) {
            out->failed = true;
            return;
        }
        out->data = grown;
        out->cap = cap;
    }
    if (size > 0) {
        memcpy(out->data + out->len, data, size);
        out->len += size;
    }
}

void
pl_put_u8(pl_buffer *out, uint8_t value)
{
    pl_put(out, &value, sizeof value);
}

void
pl_put_u16(pl_buffer *out, uint16_t value)
{
    pl_put(out, &value, sizeof value);
}

void
pl_put_u32(pl_buffer *out, uint32_t value)
{
    pl_put(out, &value, sizeof value);
}

void
pl_put_u64(pl_buffer *out, uint64_t value)
{
    pl_put(out, &value, sizeof value);
}

/* ---- numbers by address ---------------------------------------------------------------------------------------------------- */

static uint32_t
ptrmap_slot(const pl_ptrmap *map, const void *key)
{
    uint64_t hash = ((uint64_t)(uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u;
    uint32_t slot = (uint32_t)(hash >> 32) & (map->size - 1);
    while (map->values[slot] != 0 && map->keys[slot] != key) {
        slot = (slot + 1) & (map->size - 1);
    }
    return slot;
}

uint32_t
pl_ptrmap_get(const pl_ptrmap *map, const void *key)
{
    return map->size == 0 ? 0 : map->values[ptrmap_slot(map, key)];
}

bool
pl_ptrmap_add(pl_ptrmap *map, const void *key, uint32_t value)
{
    if (map->used * 2 >= map->size) {
        pl_ptrmap grown = {.size = map->size == 0 ? 256 : map->size * 2};
        grown.keys = calloc(grown.size, sizeof *grown.keys);
        grown.values = calloc(grown.size, sizeof *grown.values);
        if (grown.keys == NULL || grown.values == NULL) {
            pl_ptrmap_free(&grown);
            return false;
        }
        for (uint32_t i = 0; i < map->size; i++) {
            if (map->values[i] != 0) {
                uint32_t slot = ptrmap_slot(&grown, map->keys[i]);
                grown.keys[slot] = map->keys[i];
                grown.values[slot] = map->values[i];
            }
        }
        grown.used = map->used;
        pl_ptrmap_free(map);
        *map = grown;
    }
    uint32_t slot = ptrmap_slot(map, key);
    map->keys[slot] = key;
    map->values[slot] = value;
    map->used++;
    return true;
}

void
pl_ptrmap_free(pl_ptrmap *map)
{
    free(map->keys);
    free(map->values);
    *map = (pl_ptrmap){0};
}
