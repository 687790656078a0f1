/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-private.h"

#include <string.h>

#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-setting-names-private.h"

#define HOLD_TIMEOUT_DEFAULT 500
#define MAX_EFFORT_MAX 60000

/**
 * ImpPatternFactory:
 *
 * Makes analyzers that look for a pattern and deny, reject or replace what they find.
 *
 * The pattern is a regular expression ([property@Imp.PatternFactory:rx], together with
 * [property@Imp.PatternFactory:rxlen], the greatest length of a match) or a string of bytes
 * ([property@Imp.PatternFactory:string]). Unless [property@Imp.PatternFactory:utf8] is set, a
 * regular expression sees bytes, not characters, and `.` is any of them but `\n`. What cannot be
 * right is refused with a reason: an expression that matches only the empty string, or whose
 * matches are all longer than `rxlen`; one that looks ahead without a bound, unless
 * [property@Imp.PatternFactory:lookahead] sets one; `\G`, `\K`, verbs such as `(*COMMIT)`; and,
 * without `utf8`, characters beyond ASCII in a class or with a quantifier.
 *
 * In a stream a match may span any number of chunks, and what is found does not depend on them.
 * What lies before a match is passed. What may be the beginning of one is held back until that is
 * decided, which takes no more than `rxlen` + 1 bytes (with lookahead, as many more), or until
 * [property@Imp.PatternFactory:hold-timeout] is over. What may be a match, but longer, is for
 * [property@Imp.PatternFactory:over] to decide. Packets are looked at one by one; one with a match
 * in it is replaced as a whole. At the end of a stream, and when the type of the data changes, what
 * was held is passed unless it is a match.
 *
 * A search that takes long is left, and taken up again by the main loop of the thread that the
 * analyzer belongs to; meanwhile it asks for a pause. Past
 * [property@Imp.PatternFactory:max-effort] it fails. What `hold-timeout` has to do is done there as
 * well.
 *
 * As a module it is called `pattern`. Among its settings `rx`, `rxlen`, `rxdir`, `string` and
 * `actdata-literal` are also called `regex`, `max-length`, `direction`, `text` and `literal`; and
 * `actdata` is also called what it is: `reason` (of deny), `replacement` (of replace) or `answer`
 * (of reject and answer).
 *
 * Since: 0.1
 */
struct _ImpPatternFactory
{
  ImpFactory parent_instance;

  char *rx;
  guint rxlen;
  guint lookahead;
  gboolean utf8;
  GBytes *string;
  GBytes *actdata;
  gboolean actdata_literal;
  ImpPatternOver over;
  ImpPattern pattern;
};

G_DEFINE_FINAL_TYPE (ImpPatternFactory, imp_pattern_factory, IMP_TYPE_FACTORY)

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpPatternAction, imp_pattern_action,
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_DENY, "deny"),
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_REJECT, "reject"),
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_REPLACE, "replace"),
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_ANSWER, "answer"))

G_DEFINE_ENUM_TYPE (ImpPatternOver, imp_pattern_over,
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_OVER_AUTO, "auto"),
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_OVER_PASS, "pass"),
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_OVER_DENY, "deny"))

G_DEFINE_ENUM_TYPE (ImpPatternHoldAction, imp_pattern_hold_action,
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_HOLD_PASS, "pass"),
                    G_DEFINE_ENUM_VALUE (IMP_PATTERN_HOLD_DENY, "deny"))
/* clang-format on */

typedef enum
{
  PROP_RX = 1,
  PROP_RXLEN,
  PROP_LOOKAHEAD,
  PROP_UTF8,
  PROP_STRING,
  PROP_RXDIR,
  PROP_ACTION,
  PROP_ACTDATA,
  PROP_ACTDATA_LITERAL,
  PROP_OVER,
  PROP_HOLD_TIMEOUT,
  PROP_HOLD_ACTION,
  PROP_MAX_EFFORT,
} PatternFactoryProperty;

static GParamSpec *properties[PROP_MAX_EFFORT + 1];

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
  g_clear_pointer (&self->actdata, g_bytes_unref);
  g_clear_pointer (&self->pattern.data, imp_pattern_template_free);
  G_OBJECT_CLASS (imp_pattern_factory_parent_class)->finalize (object);
}

/* Perl's names stay, and these read better. */
static const ImpSettingAlias pattern_factory_aliases[] = {
  { "regex", "rx" },       { "max-length", "rxlen" },        { "direction", "rxdir" },
  { "text", "string" },    { "replacement", "actdata" },     { "reason", "actdata" },
  { "answer", "actdata" }, { "literal", "actdata-literal" }, { NULL, NULL },
};

/* What a setting is called in messages. */
static const char *
pattern_factory_name (ImpPatternFactory *self, const char *setting)
{
  return imp_setting_names_look_up (IMP_FACTORY (self), setting);
}

static gboolean
pattern_factory_is_mentioned (ImpPatternFactory *self, GPtrArray *errors, const char *setting)
{
  return imp_setting_names_is_mentioned (IMP_FACTORY (self), errors, setting);
}

static void
pattern_factory_check_rx (ImpPatternFactory *self, GPtrArray *errors)
{
  g_autoptr (GError) error = NULL;
  /* The expression itself is looked at even where its length is missing. */
  guint max_length = self->rxlen > 0 ? self->rxlen : IMP_PATTERN_LENGTH_MAX;
  ImpMatcherFlags flags = (self->utf8 ? IMP_MATCHER_UTF8 : 0)
                          | (self->pattern.denies_over ? IMP_MATCHER_REPORT_OVER : 0);

  if (self->rxlen == 0 && !pattern_factory_is_mentioned (self, errors, "rxlen"))
    g_ptr_array_add (
      errors, g_strdup_printf ("%s needs %s, the greatest length of a match, from 1 to %d",
                               pattern_factory_name (self, "rx"),
                               pattern_factory_name (self, "rxlen"), IMP_PATTERN_LENGTH_MAX));
  g_clear_pointer (&self->pattern.matcher, imp_matcher_unref);
  self->pattern.matcher = imp_matcher_new_regex (self->rx, max_length, self->lookahead, flags,
                                                 &error);
  if (error != NULL)
    g_ptr_array_add (errors, g_strdup (error->message));
}

static void
pattern_factory_check_string (ImpPatternFactory *self, GPtrArray *errors)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->pattern.matcher, imp_matcher_unref);
  self->pattern.matcher = imp_matcher_new_string (self->string, &error);
  if (error != NULL)
    g_ptr_array_add (errors, g_strdup (error->message));
}

/* References to groups have a meaning only where there are groups. */
static void
pattern_factory_check_actdata (ImpPatternFactory *self, GPtrArray *errors)
{
  gboolean is_literal = self->rx == NULL || self->actdata_literal;
  g_autoptr (GError) error = NULL;

  if (!is_literal && self->pattern.matcher == NULL)
    return;
  g_clear_pointer (&self->pattern.data, imp_pattern_template_free);
  self->pattern.data = imp_pattern_template_new (self->actdata,
                                                 is_literal ? NULL : self->pattern.matcher, &error);
  if (error != NULL)
    g_ptr_array_add (errors, g_strdup_printf ("%s %s", pattern_factory_name (self, "actdata"),
                                              error->message));
}

/* Those other names of actdata that say what it is are for the action that needs that. */
static void
pattern_factory_check_action (ImpPatternFactory *self, GPtrArray *errors)
{
  static const char *const wanted[] = {
    [IMP_PATTERN_DENY] = "reason",
    [IMP_PATTERN_REJECT] = "answer",
    [IMP_PATTERN_REPLACE] = "replacement",
    [IMP_PATTERN_ANSWER] = "answer",
  };
  static const char *const names[] = { "deny", "reject", "replace", "answer" };
  const char *name = pattern_factory_name (self, "actdata");

  if (g_bytes_get_size (self->actdata) == 0 || g_str_equal (name, "actdata")
      || g_str_equal (name, wanted[self->pattern.action])
      || pattern_factory_is_mentioned (self, errors, "action"))
    return;
  g_ptr_array_add (errors,
                   g_strdup_printf ("%s means nothing with action=%s, which takes %s", name,
                                    names[self->pattern.action], wanted[self->pattern.action]));
}

/* Where the action refuses the connection, what is not sure is refused as well. */
static gboolean
pattern_factory_denies_over (ImpPatternFactory *self)
{
  if (self->over == IMP_PATTERN_OVER_AUTO)
    return self->pattern.action == IMP_PATTERN_DENY || self->pattern.action == IMP_PATTERN_REJECT;
  return self->over == IMP_PATTERN_OVER_DENY;
}

static void
pattern_factory_refuse_alone (ImpPatternFactory *self, GPtrArray *errors, const char *setting)
{
  g_ptr_array_add (errors, g_strdup_printf ("%s means nothing without %s",
                                            pattern_factory_name (self, setting),
                                            pattern_factory_name (self, "rx")));
}

static void
pattern_factory_check_choice (ImpPatternFactory *self, GPtrArray *errors)
{
  if (self->rx != NULL && self->string != NULL)
    g_ptr_array_add (errors, g_strdup_printf ("%s and %s cannot both be given",
                                              pattern_factory_name (self, "rx"),
                                              pattern_factory_name (self, "string")));
  if (self->rx != NULL)
    return;
  if (self->string == NULL && !pattern_factory_is_mentioned (self, errors, "rx")
      && !pattern_factory_is_mentioned (self, errors, "string"))
    g_ptr_array_add (errors,
                     g_strdup_printf ("%s or %s must be given", pattern_factory_name (self, "rx"),
                                      pattern_factory_name (self, "string")));
  if (pattern_factory_is_mentioned (self, errors, "rx"))
    return;
  if (self->rxlen > 0)
    pattern_factory_refuse_alone (self, errors, "rxlen");
  if (self->lookahead > 0)
    pattern_factory_refuse_alone (self, errors, "lookahead");
  if (self->utf8)
    pattern_factory_refuse_alone (self, errors, "utf8");
}

static void
imp_pattern_factory_validate (ImpFactory *factory, GPtrArray *errors)
{
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (factory);

  self->pattern.denies_over = pattern_factory_denies_over (self);
  pattern_factory_check_choice (self, errors);
  if (self->string != NULL)
    pattern_factory_check_string (self, errors);
  if (self->rx != NULL)
    pattern_factory_check_rx (self, errors);
  pattern_factory_check_actdata (self, errors);
  pattern_factory_check_action (self, errors);
  if (errors->len > 0)
    g_clear_pointer (&self->pattern.matcher, imp_matcher_unref);
}

/* One that was made by g_object_new() was not validated yet. */
static gboolean
pattern_factory_ensure_valid (ImpPatternFactory *self, GError **error)
{
  return self->pattern.matcher != NULL || imp_factory_validate (IMP_FACTORY (self), error);
}

static ImpAnalyzer *
imp_pattern_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (factory);

  if (!pattern_factory_ensure_valid (self, error))
    return NULL;
  return imp_pattern_analyzer_new (G_OBJECT (self), &self->pattern);
}

static GList *
imp_pattern_factory_list_interfaces (ImpFactory *factory)
{
  static const ImpResultFlags flags[] = {
    [IMP_PATTERN_DENY] = IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_DENY,
    [IMP_PATTERN_REJECT] = IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_TO_SENDER
                           | IMP_RESULT_FLAGS_DENY,
    [IMP_PATTERN_REPLACE] = IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE,
    [IMP_PATTERN_ANSWER] = IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE
                           | IMP_RESULT_FLAGS_TO_SENDER,
  };
  ImpPatternFactory *self = IMP_PATTERN_FACTORY (factory);
  ImpResultFlags all = flags[self->pattern.action] | IMP_RESULT_FLAGS_PAUSE
                       | IMP_RESULT_FLAGS_CONTINUE | IMP_RESULT_FLAGS_WANT;

  if (pattern_factory_denies_over (self) || self->pattern.hold_action == IMP_PATTERN_HOLD_DENY)
    all |= IMP_RESULT_FLAGS_DENY;
  return g_list_prepend (NULL, imp_interface_new (IMP_DATA_TYPE_ANY, all));
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
    case PROP_LOOKAHEAD:
      g_value_set_uint (value, self->lookahead);
      break;
    case PROP_UTF8:
      g_value_set_boolean (value, self->utf8);
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
      if (g_bytes_get_size (self->actdata) > 0)
        g_value_set_boxed (value, self->actdata);
      break;
    case PROP_ACTDATA_LITERAL:
      g_value_set_boolean (value, self->actdata_literal);
      break;
    case PROP_OVER:
      g_value_set_enum (value, self->over);
      break;
    case PROP_HOLD_TIMEOUT:
      g_value_set_uint (value, self->pattern.hold_timeout);
      break;
    case PROP_HOLD_ACTION:
      g_value_set_enum (value, self->pattern.hold_action);
      break;
    case PROP_MAX_EFFORT:
      g_value_set_uint (value, self->pattern.max_effort);
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
    case PROP_LOOKAHEAD:
      self->lookahead = g_value_get_uint (value);
      break;
    case PROP_UTF8:
      self->utf8 = g_value_get_boolean (value);
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
      self->actdata = g_value_dup_boxed (value);
      if (self->actdata == NULL)
        self->actdata = g_bytes_new (NULL, 0);
      break;
    case PROP_ACTDATA_LITERAL:
      self->actdata_literal = g_value_get_boolean (value);
      break;
    case PROP_OVER:
      self->over = g_value_get_enum (value);
      break;
    case PROP_HOLD_TIMEOUT:
      self->pattern.hold_timeout = g_value_get_uint (value);
      break;
    case PROP_HOLD_ACTION:
      self->pattern.hold_action = g_value_get_enum (value);
      break;
    case PROP_MAX_EFFORT:
      self->pattern.max_effort = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

#define PROP_FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
pattern_factory_install_pattern (void)
{
  /**
   * ImpPatternFactory:rx: (attributes org.gtk.Property.default=NULL)
   *
   * The regular expression to look for, as PCRE2 has them (see its manual page pcre2pattern(3)),
   * but matched against bytes.
   *
   * Since: 0.1
   */
  properties[PROP_RX] = g_param_spec_string ("rx", NULL, "the regular expression to look for", NULL,
                                             PROP_FLAGS);

  /**
   * ImpPatternFactory:rxlen: (attributes org.gtk.Property.default=0)
   *
   * The greatest length, in bytes, of a match of [property@Imp.PatternFactory:rx]; 0 where there
   * is none.
   *
   * Since: 0.1
   */
  properties[PROP_RXLEN] = g_param_spec_uint ("rxlen", NULL, "the greatest length of a match of rx",
                                              0, IMP_PATTERN_LENGTH_MAX, 0, PROP_FLAGS);

  /**
   * ImpPatternFactory:lookahead: (attributes org.gtk.Property.default=0)
   *
   * How many bytes behind a match [property@Imp.PatternFactory:rx] may look at, by lookahead; 0: as
   * many as it can, which must have a bound. `foo(?=.*bar)` has none, so that it needs this.
   *
   * Since: 0.1
   */
  properties[PROP_LOOKAHEAD]
    = g_param_spec_uint ("lookahead", NULL,
                         "how far rx may look ahead of a match, in bytes; 0: as far as it can, if "
                         "that has a bound",
                         0, IMP_PATTERN_LENGTH_MAX, 0, PROP_FLAGS);

  /**
   * ImpPatternFactory:utf8: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether [property@Imp.PatternFactory:rx] matches on characters. `\w`, `\d`, `\b` and the case
   * of letters are then those of Unicode. Bytes that are no UTF-8 match nothing, not even `.`;
   * characters that lie across two chunks are put together. Lengths are in bytes nevertheless.
   *
   * Since: 0.1
   */
  properties[PROP_UTF8] = g_param_spec_boolean ("utf8", NULL,
                                                "whether rx matches on characters, in UTF-8, and "
                                                "not on bytes",
                                                FALSE, PROP_FLAGS);

  /**
   * ImpPatternFactory:string: (attributes org.gtk.Property.default=NULL)
   *
   * The bytes to look for, in the place of a regular expression.
   *
   * Since: 0.1
   */
  properties[PROP_STRING] = g_param_spec_boxed ("string", NULL, "the bytes to look for",
                                                G_TYPE_BYTES, PROP_FLAGS);

  /**
   * ImpPatternFactory:rxdir: (attributes org.gtk.Property.default=-1)
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
pattern_factory_install_action (void)
{
  /**
   * ImpPatternFactory:action: (attributes org.gtk.Property.default=IMP_PATTERN_DENY)
   *
   * What becomes of a match.
   *
   * Since: 0.1
   */
  properties[PROP_ACTION] = g_param_spec_enum ("action", NULL, "what becomes of a match",
                                               IMP_TYPE_PATTERN_ACTION, IMP_PATTERN_DENY,
                                               PROP_FLAGS);

  /**
   * ImpPatternFactory:actdata: (attributes org.gtk.Property.default=NULL)
   *
   * What the action needs: the reason of a denial, what is written back to the sender of something
   * rejected, or the replacement. %NULL or empty: none, nothing, nothing.
   *
   * With [property@Imp.PatternFactory:rx], `\0` stands for the match, `\1` to `\9` and
   * `\g<NAME>` for what a group of it matched (nothing, if it took no part), and `\\` for a `\`.
   * Another `\`, and a group that does not exist, is an error. See also
   * [property@Imp.PatternFactory:actdata-literal].
   *
   * Since: 0.1
   */
  properties[PROP_ACTDATA] = g_param_spec_boxed ("actdata", NULL,
                                                 "reason, answer or replacement, by action; with "
                                                 "rx, \\0, \\1 and \\g<NAME> are what was "
                                                 "matched, and \\\\ is a \\",
                                                 G_TYPE_BYTES, PROP_FLAGS);

  /**
   * ImpPatternFactory:actdata-literal: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether [property@Imp.PatternFactory:actdata] is taken as it stands, as Perl's
   * Net::IMP::Pattern does.
   *
   * Since: 0.1
   */
  properties[PROP_ACTDATA_LITERAL] = g_param_spec_boolean ("actdata-literal", NULL,
                                                           "whether actdata is taken as it stands",
                                                           FALSE, PROP_FLAGS);
}

static void
pattern_factory_install_bounds (void)
{
  /**
   * ImpPatternFactory:over: (attributes org.gtk.Property.default=IMP_PATTERN_OVER_AUTO)
   *
   * What becomes of something that may be a match, but is longer than
   * [property@Imp.PatternFactory:rxlen], or looks further ahead than it may; and of a match that is
   * complete only when its beginning has passed, after [property@Imp.PatternFactory:hold-timeout],
   * so that it cannot be replaced any more (which is logged).
   *
   * Where the action refuses connections it is sure by default: a match cannot be hidden by making
   * it longer. The price is that what only looks like the beginning of a very long one is refused,
   * too: `rxlen` should be long enough.
   *
   * Since: 0.1
   */
  properties[PROP_OVER] = g_param_spec_enum ("over", NULL,
                                             "what becomes of what may be a match longer than "
                                             "rxlen, or is one too late; auto: deny with deny and "
                                             "reject, else pass",
                                             IMP_TYPE_PATTERN_OVER, IMP_PATTERN_OVER_AUTO,
                                             PROP_FLAGS);

  /**
   * ImpPatternFactory:hold-timeout: (attributes org.gtk.Property.default=500)
   *
   * How long bytes are held since they may be the beginning of a match, in milliseconds; 0: as long
   * as it takes. It takes up to twice as long to notice. Then what is a match whatever follows is
   * taken for one as it stands, and the rest is for [property@Imp.PatternFactory:hold-action]. The
   * search goes on: a match that is complete later is still found.
   *
   * A small piece of input (4 KiB) waits with its end, so that a request or an event arrives whole;
   * without a timeout, only the end does.
   *
   * Since: 0.1
   */
  properties[PROP_HOLD_TIMEOUT]
    = g_param_spec_uint ("hold-timeout", NULL,
                         "how long what may be the beginning of a match is held, in milliseconds; "
                         "0: as long as it takes",
                         0, G_MAXINT, HOLD_TIMEOUT_DEFAULT, PROP_FLAGS);

  /**
   * ImpPatternFactory:hold-action: (attributes org.gtk.Property.default=IMP_PATTERN_HOLD_PASS)
   *
   * What becomes of bytes that were held for [property@Imp.PatternFactory:hold-timeout].
   *
   * Since: 0.1
   */
  properties[PROP_HOLD_ACTION] = g_param_spec_enum ("hold-action", NULL, "what becomes of it then",
                                                    IMP_TYPE_PATTERN_HOLD_ACTION,
                                                    IMP_PATTERN_HOLD_PASS, PROP_FLAGS);

  /**
   * ImpPatternFactory:max-effort: (attributes org.gtk.Property.default=250)
   *
   * How much time the search may take in one direction of a connection, in milliseconds of
   * computing, beyond 0.1 microseconds for each byte and 1 % of the time that goes by. Then the
   * analyzer fails: what cannot be decided must not pass.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_EFFORT]
    = g_param_spec_uint ("max-effort", NULL,
                         "how much computing the search may take in one direction, in milliseconds "
                         "beyond what is ordinary",
                         1, MAX_EFFORT_MAX, IMP_EFFORT_LIMIT_DEFAULT, PROP_FLAGS);
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
  factory_class->aliases = pattern_factory_aliases;

  pattern_factory_install_pattern ();
  pattern_factory_install_action ();
  pattern_factory_install_bounds ();
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
 *   %IMP_ERROR_SETTINGS, which names all errors
 *
 * Since: 0.1
 */
ImpFactory *
imp_pattern_factory_new (const char *settings, GError **error)
{
  return imp_factory_new_from_settings (IMP_TYPE_PATTERN_FACTORY, settings, error);
}
