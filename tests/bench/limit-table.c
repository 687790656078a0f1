/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit-wire.h"

#include <stdlib.h>

static uint32_t
home (const LimitTable *table, uint32_t id)
{
  return (id * 2654435769u) & (table->size - 1);
}

static uint32_t
find (const LimitTable *table, uint32_t id)
{
  uint32_t i = home (table, id);

  while (table->slots[i].id != id && table->slots[i].id != 0)
    i = (i + 1) & (table->size - 1);
  return i;
}

void *
limit_table_lookup (const LimitTable *table, uint32_t id)
{
  return table->size == 0 ? NULL : table->slots[find (table, id)].value;
}

static void
grow (LimitTable *table)
{
  LimitTable bigger = { .size = table->size == 0 ? 256 : table->size * 2, .used = table->used };

  bigger.slots = calloc (bigger.size, sizeof *bigger.slots);
  if (bigger.slots == NULL)
    bench_die ("out of memory");
  for (uint32_t i = 0; i < table->size; i++)
    if (table->slots[i].id != 0)
      bigger.slots[find (&bigger, table->slots[i].id)] = table->slots[i];
  free (table->slots);
  *table = bigger;
}

void
limit_table_insert (LimitTable *table, uint32_t id, void *value)
{
  uint32_t i;

  if (table->used >= table->size / 2)
    grow (table);
  i = find (table, id);
  if (id == 0 || table->slots[i].id != 0)
    bench_die ("the analyzer %u exists already", id);
  table->slots[i].id = id;
  table->slots[i].value = value;
  table->used++;
}

/* Those behind it that would have stood here move up, so that no gap hides them. */
static void
close_gap (LimitTable *table, uint32_t gap)
{
  uint32_t mask = table->size - 1;

  for (uint32_t i = (gap + 1) & mask; table->slots[i].id != 0; i = (i + 1) & mask)
    {
      uint32_t wanted = home (table, table->slots[i].id);

      if (((i - wanted) & mask) < ((i - gap) & mask))
        continue;
      table->slots[gap] = table->slots[i];
      gap = i;
    }
  table->slots[gap].id = 0;
  table->slots[gap].value = NULL;
}

void *
limit_table_remove (LimitTable *table, uint32_t id)
{
  uint32_t i;
  void *value;

  if (table->size == 0)
    return NULL;
  i = find (table, id);
  value = table->slots[i].value;
  if (value != NULL)
    {
      close_gap (table, i);
      table->used--;
    }
  return value;
}
