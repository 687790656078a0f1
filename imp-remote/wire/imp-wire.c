/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/imp-wire-private.h"

#include "core/imp-error.h"

const ImpWire *const imp_wires[] = {
  &imp_wire_json,
  &imp_wire_cbor,
#ifdef IMP_HAVE_PERL
  &imp_wire_storable,
  &imp_wire_sereal,
#endif
  NULL,
};

/* What a build may lack, since it needs other libraries. */
static const char *const wire_optional_names[] = { "storable", "sereal", NULL };

static char *
wire_list_names (void)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; imp_wires[i] != NULL; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", imp_wires[i]->name);
  return g_string_free (names, FALSE);
}

const ImpWire *
imp_wire_by_name (const char *name, GError **error)
{
  g_autofree char *names = NULL;

  for (guint i = 0; imp_wires[i] != NULL; i++)
    if (g_str_equal (imp_wires[i]->name, name))
      return imp_wires[i];

  names = wire_list_names ();
  if (g_strv_contains (wire_optional_names, name))
    g_set_error (
      error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
      "The codec \"%s\" is not in this build of the library, which was made without those "
      "for Perl peers; there are %s",
      name, names);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "There is no codec \"%s\"; there are %s",
                 name, names);
  return NULL;
}

static void
wire_set_unknown (const guint8 *data, gsize length, GError **error)
{
  g_autofree char *names = wire_list_names ();
  g_autoptr (GString) bytes = g_string_new (NULL);

  for (gsize i = 0; i < MIN (length, 8); i++)
    g_string_append_printf (bytes, " %02x", data[i]);
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "No message begins with%s in any wire format (%s)", bytes->str, names);
}

ImpDecodeStatus
imp_wire_recognize (const guint8 *data, gsize length, const ImpWire **wire, GError **error)
{
  ImpDecodeStatus answer = IMP_DECODE_BAD;

  if (length == 0)
    return IMP_DECODE_MORE;
  for (guint i = 0; imp_wires[i] != NULL; i++)
    switch (imp_wires[i]->recognize (data, length))
      {
      case IMP_DECODE_DONE:
        *wire = imp_wires[i];
        return IMP_DECODE_DONE;
      case IMP_DECODE_MORE:
        answer = IMP_DECODE_MORE;
        break;
      case IMP_DECODE_BAD:
        break;
      }
  if (answer == IMP_DECODE_BAD)
    wire_set_unknown (data, length, error);
  return answer;
}
