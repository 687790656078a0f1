/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-parts.h"

#include "tool/access-options.h"

/* The order of --listen, --module and --connect says what belongs together, so that they are kept
 * as they come. */
typedef struct
{
  const RelayPartKind *kind;
  char *value;
} RelayPart;

static int
relay_apply_socks (RelayGroup *group, const char *value)
{
  return relay_route_set_protocol (relay_group_get_route (group), &imp_request_socks);
}

static int
relay_apply_http_connect (RelayGroup *group, const char *value)
{
  return relay_route_set_protocol (relay_group_get_route (group), &imp_request_http);
}

static int
relay_apply_transparent (RelayGroup *group, const char *value)
{
  return relay_route_set_transparent (relay_group_get_route (group));
}

static int
relay_apply_ask_first (RelayGroup *group, const char *value)
{
  relay_group_get_route (group)->ask_first = TRUE;
  return TOOL_DONE;
}

static int
relay_apply_sni (RelayGroup *group, const char *value)
{
  relay_group_get_route (group)->sni = TRUE;
  return TOOL_DONE;
}

static int
relay_apply_proxy_protocol (RelayGroup *group, const char *value)
{
  return relay_route_set_proxy_protocol (relay_group_get_route (group), value);
}

static int
relay_apply_proxy_from (RelayGroup *group, const char *value)
{
  return relay_route_add_proxy_from (relay_group_get_route (group), value);
}

static int
relay_apply_allow_to (RelayGroup *group, const char *value)
{
  return relay_route_add_allow_to (relay_group_get_route (group), value);
}

static int
relay_apply_upstream_proxy (RelayGroup *group, const char *value)
{
  return relay_route_set_upstream_proxy (relay_group_get_route (group), value);
}

static const RelayPartKind relay_part_kinds[] = {
  { "--listen", "-l", relay_group_add_listen, TRUE, TRUE, FALSE },
  { "--module", "-m", relay_group_add_module, TRUE, TRUE, FALSE },
  { "--shadow", NULL, relay_group_add_shadow, TRUE, TRUE, FALSE },
  { "--canary", NULL, relay_group_set_canary, TRUE, FALSE, FALSE },
  { "--connect", "-c", relay_group_set_target, TRUE, FALSE, TRUE },
  { "--socks", NULL, relay_apply_socks, FALSE, FALSE, TRUE },
  { "--http-connect", NULL, relay_apply_http_connect, FALSE, FALSE, TRUE },
  { "--transparent", NULL, relay_apply_transparent, FALSE, FALSE, TRUE },
  { "--ask-first", NULL, relay_apply_ask_first, FALSE, FALSE, FALSE },
  { "--sni", NULL, relay_apply_sni, FALSE, FALSE, FALSE },
  { "--proxy-protocol", NULL, relay_apply_proxy_protocol, TRUE, FALSE, FALSE },
  { "--proxy-from", NULL, relay_apply_proxy_from, TRUE, TRUE, FALSE },
  { "--allow-to", NULL, relay_apply_allow_to, TRUE, TRUE, FALSE },
  { "--upstream-proxy", NULL, relay_apply_upstream_proxy, TRUE, FALSE, FALSE },
};

static void
relay_part_free (RelayPart *part)
{
  g_free (part->value);
  g_free (part);
}

const RelayPartKind *
relay_parts_find (const char *option)
{
  for (guint i = 0; i < G_N_ELEMENTS (relay_part_kinds); i++)
    if (g_str_equal (option, relay_part_kinds[i].option)
        || g_strcmp0 (option, relay_part_kinds[i].letter) == 0)
      return &relay_part_kinds[i];
  return NULL;
}

GPtrArray *
relay_parts_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) relay_part_free);
}

void
relay_parts_add (GPtrArray *parts, const char *option, const char *value)
{
  RelayPart *part = g_new0 (RelayPart, 1);

  part->kind = relay_parts_find (option);
  g_assert (part->kind != NULL);
  part->value = g_strdup (value);
  g_ptr_array_add (parts, part);
}

/* As the user wrote it. */
static char *
relay_part_to_text (const RelayPart *part)
{
  return part->value != NULL ? g_strdup_printf ("%s \"%s\"", part->kind->option, part->value)
                             : g_strdup (part->kind->option);
}

/* @part would end a group that has no --listen. @end: what has ended the group before, or NULL. */
static int
relay_refuse_end (const RelayPart *part, const RelayPart *end)
{
  g_autofree char *text = relay_part_to_text (part);
  g_autofree char *end_text = NULL;

  if (end == NULL)
    return tool_usage_error ("%s: a --listen ADDRESS must stand before it", text);
  end_text = relay_part_to_text (end);
  return tool_usage_error ("%s: only one of --connect, --socks, --http-connect and --transparent "
                           "can end what a --listen begins, and %s has done so; a --listen of its "
                           "own must stand before it",
                           text, end_text);
}

/* Nothing ends the group of @part, the last one. @end: what has ended the group before, or NULL. */
static int
relay_refuse_rest (RelayGroup *group, const RelayPart *part, const RelayPart *end)
{
  g_autofree char *text = relay_part_to_text (part);
  g_autofree char *end_text = NULL;

  if (end == NULL || relay_group_has_listeners (group))
    return tool_usage_error ("%s: a --connect ADDRESS must stand behind it", text);
  end_text = relay_part_to_text (end);
  return tool_usage_error ("%s: it must stand before the %s that it is for", text, end_text);
}

static int
relay_part_apply (RelayGroup *group, const RelayPart *part)
{
  int status = part->kind->apply (group, part->value);

  if (status == TOOL_DONE && part->kind->ends_group)
    status = relay_group_complete (group);
  return status;
}

/* Everything is made before anything starts, so that an error in the last word of a command line is
 * found before the first connection is accepted. */
int
relay_parts_make_groups (const GPtrArray *parts, RelayAddGroupFunc add_group, gpointer user_data)
{
  RelayGroup *group = NULL;
  const RelayPart *last = NULL;
  const RelayPart *end = NULL; /* of the group before */

  for (guint i = 0; i < parts->len; i++)
    {
      int status;

      last = parts->pdata[i];
      if (group == NULL)
        group = add_group (user_data);
      if (last->kind->ends_group && !relay_group_has_listeners (group))
        return relay_refuse_end (last, end);
      status = relay_part_apply (group, last);
      if (status != TOOL_DONE)
        return status;
      if (!last->kind->ends_group)
        continue;
      end = last;
      group = NULL;
    }
  if (last == NULL)
    return tool_usage_error ("relay: at least --listen ADDRESS and --connect ADDRESS are wanted");
  if (group != NULL)
    return relay_refuse_rest (group, last, end);
  return access_options_check ();
}
