/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-private.h"

#include <string.h>

#include "core/imp-error.h"
#include "core/imp-factory-private.h"

/**
 * ImpPatternFactory:
 *
 * Makes analyzers that look for a pattern and deny, reject or replace what they find.
 *
 * The pattern is a regular expression ([property@Imp.PatternFactory:rx], together with
 * [property@Imp.PatternFactory:rxlen], the greatest length of a match) or a string of bytes
 * ([property@Imp.PatternFactory:string]). Either way everything is binary: a regular expression
 * sees bytes, not characters, and `.` is any of them but `\n`. `\G`, `\K` and verbs such as
 * `(*COMMIT)` cannot be used.
 *
 * In a stream a match may span any number of chunks. What may be the beginning of one is held back
 * until that is decided, which takes no more than `rxlen` + 1 bytes; what lies before a match is
 * passed. A longer match is no match at that place. Packets are looked at one by one; one with a
 * match in it is replaced as a whole. At the end of a stream, and when the type of the data
 * changes, what was held is passed unless it is a match.
 *
 * As a module it is called `pattern`.
 *
 * Since: 0.1
 */
struct _ImpPatternFactory
{
  ImpFactory parent_instance;

  char *rx;
  guint rxlen;
  GBytes *string;
  ImpPattern pattern;
};

G_DEFINE_FINAL_TYPE (ImpPatternFactory, imp_pattern_factory, IMP_TYPE_FACTORY)

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpPatternAction, imp_pattern_action,
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_DENY, "deny"),
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_REJECT, "reject"),
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_REPLACE, "replace"))
/* clang-format on */

typedef enum
{
  PROP_RX = 1,
  PROP_RXLEN,
  PROP_STRING,
  PROP_RXDIR,
  PROP_ACTION,
  PROP_ACTDATA,
} PatternFactoryProperty;

static GParamSpec *properties[PROP_ACTDATA + 1];

static void
imp_pattern_factory_init (ImpPatternFactory *self)
{
}

static void
imp_pattern_factory_finalize (GObject *object)
{
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (object);

  g_clear_pointer (&self->rx, g_free);
  g_clear_pointer (&self->string, g_bytes_unref);
  g_clear_pointer (&self->pattern.matcher, imp_matcher_unref);
  g_clear_pointer (&self->pattern.data, g_bytes_unref);
  G_OBJECT_CLASS (imp_pattern_factory_parent_class)->finalize (object);
}

/* Is one of the mistakes about this setting already? */
static gboolean
is_mentioned (GPtrArray *mistakes, const char *key)
{
  g_autofree char *as_given = g_strdup_printf ("\"%s=", key);
  g_autofree char *as_named = g_strdup_printf (": %s must be", key);

  for (guint i = 0; i < mistakes->len; i++)
    if (g_str_has_prefix (mistakes->pdata[i], as_given)
        || strstr (mistakes->pdata[i], as_named) != NULL)
      return TRUE;
  return FALSE;
}

static void
check_rx (ImpPatternFactory *self, GPtrArray *mistakes)
{
  g_autoptr (GError) error = NULL;
  /* The expression itself is looked at even where its length is missing. */
  guint max_length = self->rxlen > 0 ? self->rxlen : 1;

  if (self->rxlen == 0 && !is_mentioned (mistakes, "rxlen"))
    g_ptr_array_add (mistakes, g_strdup_printf ("rx needs rxlen, the greatest length of a match, "
                                                "from 1 to %d",
                                                IMP_PATTERN_LENGTH_MAX));
  g_clear_pointer (&self->pattern.matcher, imp_matcher_unref);
  self->pattern.matcher = imp_matcher_new_regex (self->rx, max_length, 0, 0, &error);
  if (error != NULL)
    g_ptr_array_add (mistakes, g_strdup (error->message));
}

static void
check_string (ImpPatternFactory *self, GPtrArray *mistakes)
{
  g_autoptr (GError) error = NULL;

  self->pattern.matcher = imp_matcher_new_string (self->string, &error);
  if (error != NULL)
    g_ptr_array_add (mistakes, g_strdup (error->message));
}

static void
imp_pattern_factory_validate (ImpFactory *factory, GPtrArray *mistakes)
{
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (factory);

  if (self->rx != NULL && self->string != NULL)
    g_ptr_array_add (mistakes, g_strdup ("rx and string cannot both be given"));
  if (self->rx == NULL && self->string == NULL && !is_mentioned (mistakes, "rx")
      && !is_mentioned (mistakes, "string"))
    g_ptr_array_add (mistakes, g_strdup ("rx or string must be given"));
  if (self->rx == NULL && self->rxlen > 0 && !is_mentioned (mistakes, "rx"))
    g_ptr_array_add (mistakes, g_strdup ("rxlen means nothing without rx"));

  if (self->string != NULL)
    check_string (self, mistakes);
  if (self->rx != NULL)
    check_rx (self, mistakes);
  if (mistakes->len > 0)
    g_clear_pointer (&self->pattern.matcher, imp_matcher_unref);
}

/* One that was made by g_object_new() was not validated yet. */
static gboolean
ensure_valid (ImpPatternFactory *self, GError **error)
{
  g_autoptr (GPtrArray) mistakes = NULL;
  g_autofree char *text = NULL;

  if (self->pattern.matcher != NULL)
    return TRUE;

  mistakes = g_ptr_array_new_with_free_func (g_free);
  imp_pattern_factory_validate (IMP_FACTORY (self), mistakes);
  if (mistakes->len == 0)
    return TRUE;

  g_ptr_array_add (mistakes, NULL);
  text = g_strjoinv ("; ", (char **) mistakes->pdata);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS, text);
  return FALSE;
}

static ImpAnalyzer *
imp_pattern_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (factory);

  if (!ensure_valid (self, error))
    return NULL;
  return imp_pattern_analyzer_new (G_OBJECT (self), &self->pattern);
}

static GList *
imp_pattern_factory_list_interfaces (ImpFactory *factory)
{
  static const ImpResultFlags flags[] = {
    [IMP_PATTERN_DENY] = IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_DENY,
    [IMP_PATTERN_REJECT] = IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE
                           | IMP_RESULT_FLAGS_TO_SENDER,
    [IMP_PATTERN_REPLACE] = IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE,
  };
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (factory);

  return g_list_prepend (NULL, imp_interface_new (IMP_DATA_TYPE_ANY, flags[self->pattern.action]));
}

static void
imp_pattern_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (object);

  switch ((PatternFactoryProperty) id)
    {
    case PROP_RX:
      g_value_set_string (value, self->rx);
      break;
    case PROP_RXLEN:
      g_value_set_uint (value, self->rxlen);
      break;
    case PROP_STRING:
      g_value_set_boxed (value, self->string);
      break;
    case PROP_RXDIR:
      g_value_set_int (value, self->pattern.direction);
      break;
    case PROP_ACTION:
      g_value_set_enum (value, self->pattern.action);
      break;
    case PROP_ACTDATA:
      if (g_bytes_get_size (self->pattern.data) > 0)
        g_value_set_boxed (value, self->pattern.data);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_pattern_factory_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (object);

  switch ((PatternFactoryProperty) id)
    {
    case PROP_RX:
      self->rx = g_value_dup_string (value);
      break;
    case PROP_RXLEN:
      self->rxlen = g_value_get_uint (value);
      break;
    case PROP_STRING:
      self->string = g_value_dup_boxed (value);
      break;
    case PROP_RXDIR:
      self->pattern.direction = g_value_get_int (value);
      break;
    case PROP_ACTION:
      self->pattern.action = g_value_get_enum (value);
      break;
    case PROP_ACTDATA:
      self->pattern.data = g_value_dup_boxed (value);
      if (self->pattern.data == NULL)
        self->pattern.data = g_bytes_new (NULL, 0);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

#define PROP_FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
install_pattern (void)
{
  /**
   * ImpPatternFactory:rx:
   *
   * The regular expression to look for, as PCRE2 has them (see its manual page pcre2pattern(3)),
   * but matched against bytes.
   *
   * Since: 0.1
   */
  properties[PROP_RX] = g_param_spec_string ("rx", NULL, "the regular expression to look for", NULL,
                                             PROP_FLAGS);

  /**
   * ImpPatternFactory:rxlen:
   *
   * The greatest length, in bytes, of a match of [property@Imp.PatternFactory:rx]; 0 where there
   * is none.
   *
   * Since: 0.1
   */
  properties[PROP_RXLEN] = g_param_spec_uint ("rxlen", NULL, "the greatest length of a match of rx",
                                              0, IMP_PATTERN_LENGTH_MAX, 0, PROP_FLAGS);

  /**
   * ImpPatternFactory:string:
   *
   * The bytes to look for, in the place of a regular expression.
   *
   * Since: 0.1
   */
  properties[PROP_STRING] = g_param_spec_boxed ("string", NULL, "the bytes to look for",
                                                G_TYPE_BYTES, PROP_FLAGS);

  /**
   * ImpPatternFactory:rxdir:
   *
   * The direction to look at, 0 (from the client) or 1 (from the server); the other one is passed
   * indefinitely at once. -1 stands for both.
   *
   * Since: 0.1
   */
  properties[PROP_RXDIR] = g_param_spec_int ("rxdir", NULL, "the direction to look at, -1 for both",
                                             -1, 1, -1, PROP_FLAGS);
}

static void
install_action (void)
{
  /**
   * ImpPatternFactory:action:
   *
   * What becomes of a match.
   *
   * Since: 0.1
   */
  properties[PROP_ACTION] = g_param_spec_enum ("action", NULL, "what becomes of a match",
                                               IMP_TYPE_PATTERN_ACTION, IMP_PATTERN_DENY,
                                               PROP_FLAGS);

  /**
   * ImpPatternFactory:actdata:
   *
   * What the action needs: the reason of a denial, what is written back to the sender of something
   * rejected, or the replacement. %NULL or empty: none, nothing, nothing.
   *
   * Since: 0.1
   */
  properties[PROP_ACTDATA] = g_param_spec_boxed ("actdata", NULL,
                                                 "reason, answer or replacement, by action",
                                                 G_TYPE_BYTES, PROP_FLAGS);
}

static void
imp_pattern_factory_class_init (ImpPatternFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  object_class->finalize = imp_pattern_factory_finalize;
  object_class->get_property = imp_pattern_factory_get_property;
  object_class->set_property = imp_pattern_factory_set_property;
  factory_class->validate = imp_pattern_factory_validate;
  factory_class->create_packed = imp_pattern_factory_create_packed;
  factory_class->list_interfaces = imp_pattern_factory_list_interfaces;

  install_pattern ();
  install_action ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

/**
 * imp_pattern_factory_new:
 * @settings: the properties as settings, e.g. "string=foo&action=replace&actdata=bar"
 * @error: return location for an error
 *
 * Makes a factory, as [ctor@Imp.Factory.new_from_settings] does.
 *
 * Returns: (transfer full) (type ImpPatternFactory): a new factory, or %NULL with
 *   %IMP_ERROR_SETTINGS, which names all mistakes
 *
 * Since: 0.1
 */
ImpFactory *
imp_pattern_factory_new (const char *settings, GError **error)
{
  return imp_factory_new_from_settings (IMP_TYPE_PATTERN_FACTORY, settings, error);
}
