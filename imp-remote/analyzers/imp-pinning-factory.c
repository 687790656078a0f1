/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pinning-factory.h"

#include <errno.h>
#include <sys/random.h>

#include "analyzers/imp-pinning-private.h"
#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-matcher-private.h"
#include "core/imp-setting-names-private.h"
#include "core/imp-settings-private.h"

#define MAX_EFFORT_MAX 60000

/**
 * ImpPinningFactory:
 *
 * Makes analyzers that let a connection pass only if it begins as a protocol should, in both
 * directions.
 *
 * What it should begin with is said by rules: a direction, the greatest length of a match, and a
 * regular expression that has to match at the first byte that no other rule has matched. Once all
 * rules have matched, everything passes, in both directions, and the analyzer costs nothing more.
 * Data that match no rule are denied, as is an end of a stream that comes before the rules of its
 * direction have matched.
 *
 * As settings, the rules are `dir0`, `rxlen0` and `rx0`, then `dir1` and so on; from a program,
 * [method@Imp.PinningFactory.add_rule] adds them. An expression is one of PCRE2, matched against
 * bytes: `.` is any but `\n`, and the first byte that a rule sees is the beginning for `^`. It must
 * not match the empty string. `\G`, `\K` and verbs such as `(*COMMIT)` are refused.
 *
 * In a stream, the outcome does not depend on how it is cut into chunks. What has matched passes at
 * once; as long as more data could make the match longer, and it is shorter than `rxlen`, these
 * belong to the same rule. That ends when the other direction has data, unless
 * [property@Imp.PinningFactory:ignore-order] is set, and when no rule is left that has not matched.
 * An expression that asks what follows (by lookahead, `$` or `\b`) waits for it; it may look behind
 * `rxlen` bytes as far as it can, if that has a bound, and no further than them if it has none.
 * That nothing matches is final when `rxlen` bytes are there. Of packets, each must match one rule
 * as a whole, and can be no longer than its `rxlen`.
 *
 * An expression that takes more work on some data than
 * [property@Imp.PinningFactory:max-effort] makes the analyzer fail.
 *
 * As a module it is called `protocol-pinning`. The settings `dirN`, `rxlenN`, `rxN`, `allow-dup`,
 * `max-unbound0` and `max-unbound1` are also called `directionN`, `max-lengthN`, `regexN`,
 * `allow-duplicates`, `max-unbound-from-client` and `max-unbound-from-server`.
 *
 * Since: 0.1
 */
struct _ImpPinningFactory
{
  ImpFactory parent_instance;

  ImpPinningRules rules;
  gboolean valid;  /* as far as it was checked */
  gboolean in_use; /* analyzers have been made, which share the rules */
};

G_DEFINE_FINAL_TYPE (ImpPinningFactory, imp_pinning_factory, IMP_TYPE_FACTORY)

typedef enum
{
  PROP_IGNORE_ORDER = 1,
  PROP_ALLOW_DUP,
  PROP_ALLOW_REORDER,
  PROP_MAX_UNBOUND0,
  PROP_MAX_UNBOUND1,
  PROP_MAX_EFFORT,
} PinningFactoryProperty;

static GParamSpec *properties[PROP_MAX_EFFORT + 1];

static void
imp_pinning_factory_init (ImpPinningFactory *self)
{
  self->rules.rules = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_pinning_rule_free);
}

static void
imp_pinning_factory_finalize (GObject *object)
{
  ImpPinningFactory *self = IMP_PINNING_FACTORY (object);

  g_clear_pointer (&self->rules.rules, g_ptr_array_unref);
  G_OBJECT_CLASS (imp_pinning_factory_parent_class)->finalize (object);
}

/* ---- the rules as settings ---- */

enum
{
  RULE_DIR,
  RULE_RXLEN,
  RULE_RX,
};

static GParamSpec **
pinning_factory_list_rule (void)
{
  static GParamSpec *specs[RULE_RX + 2];
  static gsize made;

  if (g_once_init_enter (&made))
    {
      GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

      specs[RULE_DIR] = g_param_spec_int ("dir", NULL,
                                          "rule N: the direction that its data come from, 0 from "
                                          "the client or 1 from the server",
                                          0, 1, 0, flags);
      specs[RULE_RXLEN] = g_param_spec_uint ("rxlen", NULL,
                                             "rule N: the greatest length of a match, in bytes", 1,
                                             IMP_PATTERN_LENGTH_MAX, 1, flags);
      specs[RULE_RX] = g_param_spec_string ("rx", NULL,
                                            "rule N: the regular expression that the data match",
                                            NULL, flags);
      for (guint i = 0; i <= RULE_RX; i++)
        g_param_spec_ref_sink (specs[i]);
      g_once_init_leave (&made, 1);
    }
  return specs;
}

static void
pinning_factory_set_rule (ImpFactory *factory, guint number, GParamSpec *pspec, const GValue *value)
{
  GPtrArray *rules = IMP_PINNING_FACTORY (factory)->rules.rules;
  GParamSpec **specs = pinning_factory_list_rule ();
  ImpPinningRule *rule;

  while (rules->len <= number)
    g_ptr_array_add (rules, imp_pinning_rule_new ());
  rule = rules->pdata[number];
  if (pspec == specs[RULE_DIR])
    rule->direction = g_value_get_int (value);
  else if (pspec == specs[RULE_RXLEN])
    rule->max_length = g_value_get_uint (value);
  else
    rule->regex = g_value_dup_string (value);
}

static guint
pinning_factory_count_rules (ImpFactory *factory)
{
  return IMP_PINNING_FACTORY (factory)->rules.rules->len;
}

static void
pinning_factory_get_rule (ImpFactory *factory, guint number, GParamSpec *pspec, GValue *value)
{
  const ImpPinningRule *rule = imp_pinning_rules_get (&IMP_PINNING_FACTORY (factory)->rules,
                                                      number);
  GParamSpec **specs = pinning_factory_list_rule ();

  if (pspec == specs[RULE_DIR])
    g_value_set_int (value, rule->direction);
  else if (pspec == specs[RULE_RXLEN])
    g_value_set_uint (value, rule->max_length);
  else
    g_value_set_string (value, rule->regex);
}

static const ImpNumberedSettings pinning_factory_numbered = {
  .list = pinning_factory_list_rule,
  .max = IMP_PINNING_RULES_MAX,
  .set = pinning_factory_set_rule,
  .count = pinning_factory_count_rules,
  .get = pinning_factory_get_rule,
};

/* ---- checks ---- */

/* Perl's names stay, and these read better. */
static const ImpSettingAlias pinning_factory_aliases[] = {
  { "direction", "dir" },
  { "max-length", "rxlen" },
  { "regex", "rx" },
  { "allow-duplicates", "allow-dup" },
  { "max-unbound-from-client", "max-unbound0" },
  { "max-unbound-from-server", "max-unbound1" },
  { NULL, NULL },
};

static void
pinning_factory_check_given (ImpPinningFactory *self, GPtrArray *errors, const char *key,
                             guint number, gboolean given)
{
  g_autofree char *setting = g_strdup_printf ("%s%u", key, number);

  if (!given && !imp_setting_names_is_mentioned (IMP_FACTORY (self), errors, setting))
    g_ptr_array_add (errors,
                     g_strdup_printf ("rule %u needs %s", number,
                                      imp_setting_names_look_up (IMP_FACTORY (self), setting)));
}

static void
pinning_factory_refuse_regex (ImpPinningFactory *self, GPtrArray *errors, guint number,
                              const GError *error)
{
  g_autofree char *setting = g_strdup_printf ("rx%u", number);

  g_ptr_array_add (errors, g_strdup_printf ("%s: %s",
                                            imp_setting_names_look_up (IMP_FACTORY (self), setting),
                                            error->message));
}

static void
pinning_factory_check_rule (ImpPinningFactory *self, guint number, GPtrArray *errors)
{
  ImpPinningRule *rule = self->rules.rules->pdata[number];
  g_autoptr (GError) error = NULL;

  pinning_factory_check_given (self, errors, "dir", number, rule->direction >= 0);
  pinning_factory_check_given (self, errors, "rxlen", number, rule->max_length > 0);
  pinning_factory_check_given (self, errors, "rx", number, rule->regex != NULL);
  if (rule->regex == NULL || rule->program != NULL)
    return;
  /* The expression itself is looked at even where its length is missing. */
  if (rule->max_length == 0)
    {
      ImpPinningRule copy = { 0, IMP_PATTERN_LENGTH_MAX, rule->regex, NULL, 0, FALSE };

      imp_pinning_rule_compile (&copy, &error);
      g_clear_pointer (&copy.program, imp_regex_program_free);
    }
  else
    imp_pinning_rule_compile (rule, &error);
  if (error != NULL)
    pinning_factory_refuse_regex (self, errors, number, error);
}

/* Hashes of packets are worth nothing to whoever does not know it. */
static void
pinning_factory_make_key (ImpPinningFactory *self, GPtrArray *errors)
{
  if (getrandom (self->rules.key, IMP_PINNING_KEY_SIZE, 0) != IMP_PINNING_KEY_SIZE)
    g_ptr_array_add (errors, g_strdup_printf ("there are no random numbers for allow-dup: %s",
                                              g_strerror (errno)));
}

static void
imp_pinning_factory_validate (ImpFactory *factory, GPtrArray *errors)
{
  ImpPinningFactory *self = IMP_PINNING_FACTORY (factory);
  guint n_rules = self->rules.rules->len;

  if (n_rules == 0 && errors->len == 0)
    g_ptr_array_add (errors, g_strdup ("there is no rule: dir0, rxlen0 and rx0 must be given"));
  for (guint i = 0; i < n_rules; i++)
    pinning_factory_check_rule (self, i, errors);
  pinning_factory_make_key (self, errors);
  self->valid = errors->len == 0;
}

/* One that was made by g_object_new() was not validated yet. */
static gboolean
pinning_factory_ensure_valid (ImpPinningFactory *self, GError **error)
{
  return self->valid || imp_factory_validate (IMP_FACTORY (self), error);
}

static ImpAnalyzer *
imp_pinning_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpPinningFactory *self = IMP_PINNING_FACTORY (factory);

  if (!pinning_factory_ensure_valid (self, error))
    return NULL;
  self->in_use = TRUE;
  return imp_pinning_analyzer_new (G_OBJECT (self), &self->rules);
}

static GList *
imp_pinning_factory_list_interfaces (ImpFactory *factory)
{
  return g_list_prepend (
    NULL, imp_interface_new (IMP_DATA_TYPE_ANY,
                             IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_DENY | IMP_RESULT_FLAGS_PAUSE
                               | IMP_RESULT_FLAGS_CONTINUE | IMP_RESULT_FLAGS_WANT));
}

/* ---- properties ---- */

static void
imp_pinning_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpPinningRules *rules = &IMP_PINNING_FACTORY (object)->rules;

  switch ((PinningFactoryProperty) id)
    {
    case PROP_IGNORE_ORDER:
      g_value_set_boolean (value, rules->ignore_order);
      break;
    case PROP_ALLOW_DUP:
      g_value_set_boolean (value, rules->allow_dup);
      break;
    case PROP_ALLOW_REORDER:
      g_value_set_boolean (value, rules->allow_reorder);
      break;
    case PROP_MAX_UNBOUND0:
    case PROP_MAX_UNBOUND1:
      g_value_set_int64 (value, rules->max_unbound[id - PROP_MAX_UNBOUND0]);
      break;
    case PROP_MAX_EFFORT:
      g_value_set_uint (value, rules->max_effort);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_pinning_factory_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpPinningRules *rules = &IMP_PINNING_FACTORY (object)->rules;

  switch ((PinningFactoryProperty) id)
    {
    case PROP_IGNORE_ORDER:
      rules->ignore_order = g_value_get_boolean (value);
      break;
    case PROP_ALLOW_DUP:
      rules->allow_dup = g_value_get_boolean (value);
      break;
    case PROP_ALLOW_REORDER:
      rules->allow_reorder = g_value_get_boolean (value);
      break;
    case PROP_MAX_UNBOUND0:
    case PROP_MAX_UNBOUND1:
      rules->max_unbound[id - PROP_MAX_UNBOUND0] = g_value_get_int64 (value);
      break;
    case PROP_MAX_EFFORT:
      rules->max_effort = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

#define PROP_FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
pinning_factory_install_order (void)
{
  /**
   * ImpPinningFactory:ignore-order: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether data of one direction need not wait for those of the other: each direction has its
   * rules for itself. Else the rules have to match in their order, and data from the wrong
   * direction are denied.
   *
   * Since: 0.1
   */
  properties[PROP_IGNORE_ORDER]
    = g_param_spec_boolean ("ignore-order", NULL,
                            "whether each direction has its rules for itself, whatever comes from "
                            "the other one meanwhile",
                            FALSE, PROP_FLAGS);

  /**
   * ImpPinningFactory:allow-dup: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether a packet that has matched may come again, as happens with UDP. Packets are remembered
   * by a hash with a secret key, one for each rule that has matched.
   *
   * Since: 0.1
   */
  properties[PROP_ALLOW_DUP] = g_param_spec_boolean ("allow-dup", NULL,
                                                     "whether a packet that has matched may come "
                                                     "again",
                                                     FALSE, PROP_FLAGS);

  /**
   * ImpPinningFactory:allow-reorder: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether rules may match in another order than theirs: any rule up to the next one of the other
   * direction, or with [property@Imp.PinningFactory:ignore-order], any one of its direction. The
   * first one that matches is taken; in a stream, once it is known that those before it cannot
   * match.
   *
   * Since: 0.1
   */
  properties[PROP_ALLOW_REORDER]
    = g_param_spec_boolean ("allow-reorder", NULL,
                            "whether any rule may match up to the next one of the other direction, "
                            "or with ignore-order any one of its direction",
                            FALSE, PROP_FLAGS);
}

static void
pinning_factory_install_bounds (void)
{
  /**
   * ImpPinningFactory:max-unbound0: (attributes org.gtk.Property.default=-1)
   *
   * With [property@Imp.PinningFactory:ignore-order], how many bytes from the client may be held
   * when all rules of this direction have matched, and some of the other one have not; more are
   * denied. -1: there is no limit here, but the provider is asked to pause until all rules have
   * matched, and has limits of its own.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_UNBOUND0] = g_param_spec_int64 (
    "max-unbound0", NULL,
    "how many bytes from the client are held for which no rule is left, until "
    "those of the server have matched; -1: no limit, but a pause",
    -1, G_MAXINT64, -1, PROP_FLAGS);

  /**
   * ImpPinningFactory:max-unbound1: (attributes org.gtk.Property.default=-1)
   *
   * The same of the server.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_UNBOUND1] = g_param_spec_int64 (
    "max-unbound1", NULL,
    "how many bytes from the server are held for which no rule is left, until "
    "those of the client have matched; -1: no limit, but a pause",
    -1, G_MAXINT64, -1, PROP_FLAGS);

  /**
   * ImpPinningFactory:max-effort: (attributes org.gtk.Property.default=250)
   *
   * How much time matching may take in one direction of a connection, in milliseconds of computing,
   * beyond 0.1 microseconds for each byte and 1 % of the time that goes by. Then the analyzer
   * fails: what cannot be decided must not pass.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_EFFORT]
    = g_param_spec_uint ("max-effort", NULL,
                         "how much computing the rules may take in one direction, in milliseconds "
                         "beyond what is ordinary",
                         1, MAX_EFFORT_MAX, IMP_EFFORT_LIMIT_DEFAULT, PROP_FLAGS);
}

static void
imp_pinning_factory_class_init (ImpPinningFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  object_class->finalize = imp_pinning_factory_finalize;
  object_class->get_property = imp_pinning_factory_get_property;
  object_class->set_property = imp_pinning_factory_set_property;
  factory_class->validate = imp_pinning_factory_validate;
  factory_class->create_packed = imp_pinning_factory_create_packed;
  factory_class->list_interfaces = imp_pinning_factory_list_interfaces;
  factory_class->numbered = &pinning_factory_numbered;
  factory_class->aliases = pinning_factory_aliases;

  pinning_factory_install_order ();
  pinning_factory_install_bounds ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

/* ---- for applications ---- */

/**
 * imp_pinning_factory_new:
 * @settings: the rules and the properties as settings, e.g.
 *   "dir0=1&rxlen0=255&rx0=220 .*\r\n&dir1=0&rxlen1=255&rx1=(?:EHLO|HELO) .*\r\n"
 * @error: return location for an error
 *
 * Makes a factory, as [ctor@Imp.Factory.new_from_settings] does.
 *
 * Returns: (transfer full) (type ImpPinningFactory): a new factory, or %NULL with
 *   %IMP_ERROR_SETTINGS, which names all errors
 *
 * Since: 0.1
 */
ImpFactory *
imp_pinning_factory_new (const char *settings, GError **error)
{
  return imp_factory_new_from_settings (IMP_TYPE_PINNING_FACTORY, settings, error);
}

/**
 * imp_pinning_factory_add_rule:
 * @self: a factory that has made no analyzers yet
 * @direction: where the data come from
 * @max_length: the greatest length of a match, from 1 to 65536 bytes
 * @regex: the regular expression that the data have to match
 * @error: return location for an error
 *
 * Adds a rule behind the others. It is a setting, too, and is written as such by
 * [method@Imp.Factory.get_settings].
 *
 * Returns: %TRUE, or %FALSE with %IMP_ERROR_SETTINGS if the rule cannot be used, if there are 1000
 *   of them, or if the factory has made an analyzer, whose rules cannot change
 *
 * Since: 0.1
 */
gboolean
imp_pinning_factory_add_rule (ImpPinningFactory *self, ImpDirection direction, guint max_length,
                              const char *regex, GError **error)
{
  ImpPinningRule *rule;

  g_return_val_if_fail (IMP_IS_PINNING_FACTORY (self), FALSE);
  g_return_val_if_fail (direction == IMP_DIRECTION_FROM_CLIENT
                          || direction == IMP_DIRECTION_FROM_SERVER,
                        FALSE);
  g_return_val_if_fail (regex != NULL, FALSE);

  if (self->in_use || self->rules.rules->len >= IMP_PINNING_RULES_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   self->in_use
                     ? "Rule %u: the factory has made analyzers, so that its rules are fixed"
                     : "Rule %u: there can be no more rules",
                   self->rules.rules->len);
      return FALSE;
    }
  if (max_length == 0 || max_length > IMP_PATTERN_LENGTH_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "Rule %u: the greatest length of a match is 1 to %d bytes, not %u",
                   self->rules.rules->len, IMP_PATTERN_LENGTH_MAX, max_length);
      return FALSE;
    }

  rule = imp_pinning_rule_new ();
  rule->direction = direction;
  rule->max_length = max_length;
  rule->regex = g_strdup (regex);
  if (!imp_pinning_rule_compile (rule, error))
    {
      imp_pinning_rule_free (rule);
      return FALSE;
    }
  g_ptr_array_add (self->rules.rules, rule);
  return TRUE;
}
