/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-limits-private.h"

/* A name and not a pointer: the library and the tool each have this code. */
#define UNIT_DATA "imp-limit-unit"

static const char *const units[] = {
  [IMP_LIMIT_COUNT] = "N",         [IMP_LIMIT_BYTES] = "BYTES",     [IMP_LIMIT_SECONDS] = "SECONDS",
  [IMP_LIMIT_MILLISECONDS] = "MS", [IMP_LIMIT_MICROSECONDS] = "US",
};

GParamSpec *
imp_limit_make_spec (const ImpLimit *self)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GParamSpec *spec;

  g_assert (self->minimum <= self->standard && self->standard <= self->maximum);
  if (self->kind == IMP_LIMIT_BYTES)
    {
      g_assert (self->maximum <= G_MAXSIZE);
      spec = g_param_spec_uint64 (self->name, NULL, self->blurb, self->minimum, self->maximum,
                                  self->standard, flags);
    }
  else
    {
      g_assert (self->maximum <= G_MAXUINT);
      spec = g_param_spec_uint (self->name, NULL, self->blurb, self->minimum, self->maximum,
                                self->standard, flags);
    }
  g_param_spec_set_qdata (spec, g_quark_from_static_string (UNIT_DATA),
                          (gpointer) units[self->kind]);
  return spec;
}

const char *
imp_limit_get_unit (GParamSpec *spec)
{
  return g_param_spec_get_qdata (spec, g_quark_from_static_string (UNIT_DATA));
}

guint64
imp_limit_get (const ImpLimit *self, gconstpointer owner)
{
  if (self->kind == IMP_LIMIT_BYTES)
    return G_STRUCT_MEMBER (gsize, owner, self->place);
  return G_STRUCT_MEMBER (guint, owner, self->place);
}

gboolean
imp_limit_set (const ImpLimit *self, gpointer owner, guint64 value)
{
  g_assert (value >= self->minimum && value <= self->maximum);
  if (imp_limit_get (self, owner) == value)
    return FALSE;
  if (self->kind == IMP_LIMIT_BYTES)
    G_STRUCT_MEMBER (gsize, owner, self->place) = value;
  else
    G_STRUCT_MEMBER (guint, owner, self->place) = value;
  return TRUE;
}

void
imp_limit_get_property (const ImpLimit *self, gconstpointer owner, GValue *value)
{
  if (self->kind == IMP_LIMIT_BYTES)
    g_value_set_uint64 (value, imp_limit_get (self, owner));
  else
    g_value_set_uint (value, imp_limit_get (self, owner));
}

gboolean
imp_limit_set_property (const ImpLimit *self, gpointer owner, const GValue *value)
{
  if (self->kind == IMP_LIMIT_BYTES)
    return imp_limit_set (self, owner, g_value_get_uint64 (value));
  return imp_limit_set (self, owner, g_value_get_uint (value));
}

void
imp_limits_init (const ImpLimit *limits, gsize n_limits, gpointer owner)
{
  for (gsize i = 0; i < n_limits; i++)
    imp_limit_set (&limits[i], owner, limits[i].standard);
}

void
imp_limits_make_specs (const ImpLimit *limits, gsize n_limits, GParamSpec **specs)
{
  for (gsize i = 0; i < n_limits; i++)
    specs[i] = imp_limit_make_spec (&limits[i]);
}
