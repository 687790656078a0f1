/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings strings: read, complained of, and written back. */
#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "core/imp-settings-private.h"

#include <math.h>

/* A factory with a property of every type that a setting can have, and some that cannot. */
typedef struct
{
  ImpFactory parent_instance;
  gboolean flag;
  int number;
  guint count;
  gint64 big;
  guint64 huge;
  double ratio;
  ImpFailMode mode;
  ImpResultFlags results;
  char *text;
  GBytes *bytes;
  char *secret;
} Sample;
typedef ImpFactoryClass SampleClass;

GType sample_get_type (void);
G_DEFINE_TYPE (Sample, sample, IMP_TYPE_FACTORY)

enum
{
  PROP_FLAG = 1,
  PROP_NUMBER,
  PROP_COUNT,
  PROP_BIG,
  PROP_HUGE,
  PROP_RATIO,
  PROP_FAIL_MODE,
  PROP_RESULTS,
  PROP_TEXT,
  PROP_BYTES,
  PROP_SECRET,
  PROP_READ_ONLY,
  PROP_OBJECT,
  N_PROPS
};

static void
sample_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  Sample *self = (Sample *) object;

  switch (id)
    {
    case PROP_FLAG:
      self->flag = g_value_get_boolean (value);
      break;
    case PROP_NUMBER:
      self->number = g_value_get_int (value);
      break;
    case PROP_COUNT:
      self->count = g_value_get_uint (value);
      break;
    case PROP_BIG:
      self->big = g_value_get_int64 (value);
      break;
    case PROP_HUGE:
      self->huge = g_value_get_uint64 (value);
      break;
    case PROP_RATIO:
      self->ratio = g_value_get_double (value);
      break;
    case PROP_FAIL_MODE:
      self->mode = g_value_get_enum (value);
      break;
    case PROP_RESULTS:
      self->results = g_value_get_flags (value);
      break;
    case PROP_TEXT:
      g_free (self->text);
      self->text = g_value_dup_string (value);
      break;
    case PROP_BYTES:
      self->bytes = g_value_dup_boxed (value);
      break;
    case PROP_SECRET:
      g_free (self->secret);
      self->secret = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sample_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  Sample *self = (Sample *) object;

  switch (id)
    {
    case PROP_FLAG:
      g_value_set_boolean (value, self->flag);
      break;
    case PROP_NUMBER:
      g_value_set_int (value, self->number);
      break;
    case PROP_COUNT:
      g_value_set_uint (value, self->count);
      break;
    case PROP_BIG:
      g_value_set_int64 (value, self->big);
      break;
    case PROP_HUGE:
      g_value_set_uint64 (value, self->huge);
      break;
    case PROP_RATIO:
      g_value_set_double (value, self->ratio);
      break;
    case PROP_FAIL_MODE:
      g_value_set_enum (value, self->mode);
      break;
    case PROP_RESULTS:
      g_value_set_flags (value, self->results);
      break;
    case PROP_TEXT:
      g_value_set_string (value, self->text);
      break;
    case PROP_BYTES:
      g_value_set_boxed (value, self->bytes);
      break;
    case PROP_READ_ONLY:
      g_value_set_int (value, 5);
      break;
    case PROP_OBJECT:
      g_value_set_object (value, NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sample_finalize (GObject *object)
{
  Sample *self = (Sample *) object;

  g_free (self->text);
  g_free (self->secret);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  G_OBJECT_CLASS (sample_parent_class)->finalize (object);
}

static void
sample_validate (ImpFactory *factory, GPtrArray *errors)
{
  Sample *self = (Sample *) factory;

  if (self->text == NULL && errors->len == 0)
    g_ptr_array_add (errors, g_strdup ("text is missing"));
  if (self->flag && self->number < 0)
    g_ptr_array_add (errors, g_strdup ("flag does not go with a negative number"));
}

static void
sample_class_init (SampleClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags rw = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;
  GParamSpec *props[N_PROPS] = {
    NULL,
    g_param_spec_boolean ("flag", NULL, NULL, FALSE, rw),
    g_param_spec_int ("some-number", NULL, NULL, -10, 10, 1, rw),
    g_param_spec_uint ("count", NULL, NULL, 1, 65535, 7, rw),
    g_param_spec_int64 ("big", NULL, NULL, G_MININT64, G_MAXINT64, 0, rw),
    g_param_spec_uint64 ("huge", NULL, NULL, 0, G_MAXUINT64, 0, rw),
    g_param_spec_double ("ratio", NULL, NULL, -1, 1e9, 0.5, rw),
    g_param_spec_enum ("fail-mode", NULL, NULL, IMP_TYPE_FAIL_MODE, IMP_FAIL_HARD, rw),
    g_param_spec_flags ("results", NULL, NULL, IMP_TYPE_RESULT_FLAGS, 0, rw),
    g_param_spec_string ("text", NULL, NULL, NULL, rw),
    g_param_spec_boxed ("bytes", NULL, NULL, G_TYPE_BYTES,
                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY),
    g_param_spec_string ("secret", NULL, NULL, NULL, G_PARAM_WRITABLE),
    g_param_spec_int ("read-only", NULL, NULL, 0, 9, 0, G_PARAM_READABLE),
    g_param_spec_object ("object", NULL, NULL, G_TYPE_OBJECT, G_PARAM_READWRITE),
  };

  object_class->set_property = sample_set_property;
  object_class->get_property = sample_get_property;
  object_class->finalize = sample_finalize;
  klass->validate = sample_validate;
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
sample_init (Sample *self)
{
}

static Sample *
sample_new (const char *settings)
{
  g_autoptr (GError) error = NULL;
  ImpFactory *factory = imp_factory_new_from_settings (sample_get_type (), settings, &error);

  g_assert_no_error (error);
  return (Sample *) factory;
}

static void
assert_bytes (Sample *sample, const char *expected, gsize length)
{
  gsize size;
  const char *data = g_bytes_get_data (sample->bytes, &size);

  g_assert_cmpmem (data, size, expected, length);
}

static void
test_read (void)
{
  g_autoptr (ImpFactory) factory = NULL;
  Sample *s = sample_new ("flag=yes&some_number=3&count=65535&big=-9223372036854775808"
                          "&huge=18446744073709551615&ratio=0.25&fail-mode=soft"
                          "&results=pass,replace_later&text=a+b%3d=%C3%A4&bytes=%00%ff%26x"
                          "&secret=s");

  factory = (ImpFactory *) s;
  g_assert_true (s->flag);
  g_assert_cmpint (s->number, ==, 3);
  g_assert_cmpuint (s->count, ==, 65535);
  g_assert_cmpint (s->big, ==, G_MININT64);
  g_assert_cmpuint (s->huge, ==, G_MAXUINT64);
  g_assert_cmpfloat (s->ratio, ==, 0.25);
  g_assert_cmpint (s->mode, ==, IMP_FAIL_SOFT);
  g_assert_cmpuint (s->results, ==, IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE_LATER);
  g_assert_cmpstr (s->text, ==, "a+b==\xc3\xa4");
  assert_bytes (s, "\0\xff&x", 4);
  g_assert_cmpstr (s->secret, ==, "s");
}

static void
test_defaults (void)
{
  g_autoptr (ImpFactory) factory = (ImpFactory *) sample_new ("text=&bytes=");
  Sample *s = (Sample *) factory;
  g_autofree char *settings = imp_factory_get_settings (factory);

  g_assert_cmpint (s->number, ==, 1);
  g_assert_cmpuint (s->count, ==, 7);
  g_assert_cmpstr (s->text, ==, "");
  assert_bytes (s, "", 0);
  g_assert_cmpstr (settings, ==, "text=&bytes=");
}

/* In the order of the properties, whatever order they came in; defaults, and what can only be
 * written, are left out. */
static void
test_canonical (void)
{
  g_autoptr (ImpFactory) factory = (ImpFactory *) sample_new (
    "secret=x&bytes=%26%3d%25%00&text=1+1/x:y,@ z&results=deny,pass"
    "&fail_mode=soft&ratio=0.1&count=7&some-number=2&flag=on");
  g_autofree char *settings = imp_factory_get_settings (factory);

  g_assert_cmpstr (settings, ==,
                   "flag=true&some-number=2&ratio=0.10000000000000001&fail-mode=soft"
                   "&results=pass,deny&text=1%2B1/x:y,@%20z&bytes=%26%3D%25%00");
}

static void
test_bound_factory_has_them (void)
{
  g_autoptr (ImpFactory) factory = (ImpFactory *) sample_new ("text=x"), bound = NULL;
  g_autoptr (ImpInterface) interface = imp_interface_new (IMP_DATA_TYPE_STREAM, 0);
  g_autofree char *settings = NULL;

  bound = imp_factory_set_interface (factory, interface, NULL);
  settings = imp_factory_get_settings (bound);
  g_assert_cmpstr (settings, ==, "text=x");
}

static void
test_errors (void)
{
  static const struct
  {
    const char *settings, *message;
  } cases[] = {
    { "", "text is missing" },
    { "text", "\"text\": a setting is written key=value" },
    { "text=x&", "\"\": a setting is written key=value" },
    { "&text=x", "\"\": a setting is written key=value" },
    { "=x&text=x", "\"=x\": the key before \"=\" must be text" },
    { "text=100%", "\"text=100%\": \"%\" must be followed by two hexadecimal digits; a percent "
                   "sign itself is written %25" },
    { "text=%e", NULL },
    { "text=%zz", NULL },
    { "%ff=x&text=x", NULL },
    { "%00=x&text=x", NULL },
    { "text=%ff", "\"text=%ff\": text must be text in UTF-8" },
    { "text=a%00b", "\"text=a%00b\": text must be text in UTF-8" },
    { "text=x&flag=maybe", "\"flag=maybe\": flag must be true or false" },
    { "text=x&some_number=11",
      "\"some_number=11\": some-number must be a whole number from -10 to 10" },
    { "text=x&count=0", "\"count=0\": count must be a whole number from 1 to 65535" },
    { "text=x&count=", NULL },
    { "text=x&count= 5", NULL },
    { "text=x&count=5 ", NULL },
    { "text=x&count=0x10", NULL },
    { "text=x&count=1.5", NULL },
    { "text=x&count=-1", NULL },
    { "text=x&count=4294967297", NULL },
    { "text=x&big=9223372036854775808", NULL },
    { "text=x&huge=18446744073709551616", NULL },
    { "text=x&ratio=2e9", "\"ratio=2e9\": ratio must be a number from -1 to 1e+09" },
    { "text=x&ratio=nan", NULL },
    { "text=x&ratio=inf", NULL },
    { "text=x&ratio=1e999", NULL },
    { "text=x&ratio=", NULL },
    { "text=x&ratio=1,5", NULL },
    { "text=x&fail_mode=medium", "\"fail_mode=medium\": fail-mode must be hard or soft" },
    { "text=x&results=pass,", NULL },
    { "text=x&results=pass,nothing", NULL },
    { "text=x&text=y", "\"text=y\": text is set more than once" },
    { "text=x&some-number=1&some_number=1",
      "\"some_number=1\": some-number is set more than once" },
    { "text=x&read-only=5", NULL },
    { "text=x&object=5", NULL },
    { "shade=red&text=x",
      "\"shade=red\": there is no such setting (known are flag, some-number, count, big, huge, "
      "ratio, fail-mode, results, text, bytes, secret)" },
    { "text=x&flag=1&some-number=-1", "flag does not go with a negative number" },
    /* all of them at once, also what does not go together, but no mere consequence */
    { "flag=1&some-number=-1&count=x&text=%ff",
      "\"count=x\": count must be a whole number from 1 to 65535; \"text=%ff\": text must be text "
      "in UTF-8; flag does not go with a negative number" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].settings);
      g_assert_null (imp_factory_new_from_settings (sample_get_type (), cases[i].settings, &error));
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
      if (cases[i].message != NULL)
        g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
test_long_error (void)
{
  g_autofree char *many = g_strnfill (5000, 'x');
  g_autofree char *settings = g_strconcat ("count=1\n\xff", many, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_factory_new_from_settings (sample_get_type (), settings, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_cmpuint (strlen (error->message), <, 200);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strchr (error->message, '\n'));
  g_assert_nonnull (strstr (error->message, "xxx...\""));
}

static char *
random_text (void)
{
  GString *text = g_string_new (NULL);

  for (int n = g_test_rand_int_range (0, 12); n > 0; n--)
    g_string_append_unichar (text, g_test_rand_int_range (0, 4) == 0
                                     ? (gunichar) g_test_rand_int_range (0xa0, 0xd7ff)
                                     : (gunichar) g_test_rand_int_range (1, 127));
  return g_string_free (text, FALSE);
}

static guint64
random_64 (void)
{
  return (guint64) (guint32) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
}

static ImpFactory *
random_sample (void)
{
  guint8 raw[16];
  gsize length = g_test_rand_int_range (0, sizeof raw);
  g_autofree char *text = random_text ();
  g_autoptr (GBytes) bytes = NULL;

  for (gsize i = 0; i < length; i++)
    raw[i] = g_test_rand_int_range (0, 256);
  bytes = g_bytes_new (raw, length);
  return g_object_new (sample_get_type (), "flag", g_test_rand_int_range (0, 2), "some-number",
                       g_test_rand_int_range (0, 11), "count", g_test_rand_int_range (1, 65536),
                       "big", (gint64) random_64 (), "huge", random_64 (), "ratio",
                       g_test_rand_double_range (-1, 1e9), "fail-mode",
                       g_test_rand_int_range (0, 2), "results", g_test_rand_int_range (0, 1 << 15),
                       "text", text, "bytes", g_test_rand_int_range (0, 5) == 0 ? NULL : bytes,
                       NULL);
}

static void
assert_same (Sample *a, Sample *b)
{
  g_assert_cmpint (a->flag, ==, b->flag);
  g_assert_cmpint (a->number, ==, b->number);
  g_assert_cmpuint (a->count, ==, b->count);
  g_assert_cmpint (a->big, ==, b->big);
  g_assert_cmpuint (a->huge, ==, b->huge);
  g_assert_true (fabs (a->ratio - b->ratio) == 0);
  g_assert_cmpint (a->mode, ==, b->mode);
  g_assert_cmpuint (a->results, ==, b->results);
  g_assert_cmpstr (a->text, ==, b->text);
  g_assert_true ((a->bytes == NULL) == (b->bytes == NULL));
  if (a->bytes != NULL)
    g_assert_true (g_bytes_equal (a->bytes, b->bytes));
}

static void
test_round_trip (void)
{
  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (ImpFactory) factory = random_sample (), copy = NULL;
      g_autofree char *settings = imp_factory_get_settings (factory), *again = NULL;

      copy = (ImpFactory *) sample_new (settings);
      again = imp_factory_get_settings (copy);
      g_assert_cmpstr (settings, ==, again);
      assert_same ((Sample *) factory, (Sample *) copy);
    }
}

/* Pieces that look right, in no order, among bytes of any kind: what comes is a factory whose
 * settings can be read again, or an error of one line. */
static char *
random_settings (void)
{
  static const char *const pieces[] = {
    "text",     "=",      "&",       "%",        "%4",   "%41",      "%00",          "%ff",
    "bytes=",   "count=", "count=5", "flag=1",   "_",    "-",        "some_number=", "9",
    "results=", "pass",   ",",       "ratio=1e", "\xc3", "\xc3\xa4", "text=x&",
  };
  GString *text = g_string_new (g_test_rand_int_range (0, 2) == 0 ? "text=a" : NULL);

  for (int n = g_test_rand_int_range (0, 6); n > 0; n--)
    if (g_test_rand_int_range (0, 8) == 0)
      g_string_append_c (text, g_test_rand_int_range (1, 256));
    else
      g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
  return g_string_free (text, FALSE);
}

static void
test_random_strings (void)
{
  guint n_good = 0, n_bad = 0;

  for (guint i = 0; i < 50000; i++)
    {
      g_autofree char *settings = random_settings (), *written = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpFactory) factory = imp_factory_new_from_settings (sample_get_type (), settings,
                                                                      &error);

      if (factory == NULL)
        {
          n_bad++;
          g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
          g_assert_true (g_utf8_validate (error->message, -1, NULL));
          g_assert_null (strpbrk (error->message, "\n\r\033"));
          continue;
        }
      n_good++;
      g_assert_no_error (error);
      written = imp_factory_get_settings (factory);
      g_object_unref (sample_new (written));
    }
  g_test_message ("%u good, %u bad", n_good, n_bad);
  g_assert_cmpuint (n_good, >, 100);
  g_assert_cmpuint (n_bad, >, 100);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/read", test_read);
  g_test_add_func ("/settings/defaults", test_defaults);
  g_test_add_func ("/settings/canonical", test_canonical);
  g_test_add_func ("/settings/bound", test_bound_factory_has_them);
  g_test_add_func ("/settings/errors", test_errors);
  g_test_add_func ("/settings/long-error", test_long_error);
  g_test_add_func ("/settings/round-trip", test_round_trip);
  g_test_add_func ("/settings/random", test_random_strings);
  return g_test_run ();
}
