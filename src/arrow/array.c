/* array.c: reading the columns of a batch, ours or foreign ones: an array may begin at an
 * offset. */
#include "arrow/arrow_base.h"

void batch_drop(Batch *batch)
{
    if (batch->array.release)
        batch->array.release(&batch->array);
    *batch = (Batch){0};
}

bool array_is_null(const struct ArrowArray *array, uint64_t row)
{
    if (array->n_buffers == 0)
        return true; /* an array of NULLs alone */
    const uint8_t *validity = array->buffers[0];
    return validity && !bit_get(validity, row + (uint64_t)array->offset);
}

Str array_bytes(const struct ArrowArray *array, uint64_t row)
{
    const int32_t *offsets = array->buffers[1];
    const char *bytes = array->buffers[2];
    uint64_t at = row + (uint64_t)array->offset;
    if (offsets[at] == offsets[at + 1])
        return STR("");
    return (Str){bytes + offsets[at], (size_t)(offsets[at + 1] - offsets[at])};
}

uint64_t array_size(const Field *field, const struct ArrowArray *array)
{
    uint64_t length = (uint64_t)array->length, bytes = length * arrow_widths[field->type];
    if (array->n_buffers > 0 && array->buffers[0])
        bytes += length / 8;
    if (field->type == ARROW_BOOL)
        bytes += length / 8;
    if ((arrow_is_bytes(field->type) || field->type == ARROW_LIST) && length) {
        const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset;
        bytes += length * 4;
        if (field->type != ARROW_LIST)
            bytes += (uint64_t)(offsets[length] - offsets[0]);
    }
    for (uint32_t i = 0; i < field->child_count; i++)
        bytes += array_size(&field->children[i], array->children[i]);
    return bytes;
}
