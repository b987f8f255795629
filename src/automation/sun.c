/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "automation/automation_priv.h"

/*
 * Sunrise and sunset as NOAA's calculator has them, after Meeus' Astronomical
 * Algorithms: good to a minute up to 72 degrees, and less so near the poles.
 */

#define PI 3.14159265358979323846
#define ZENITH 90.833 /* Degrees: half of the sun, and refraction. */
#define DAY_S 86400
#define PASSES 3 /* The sun moves on while the day goes. */

static double
sin_of(double degrees)
{
	return sin(degrees * PI / 180);
}

static double
cos_of(double degrees)
{
	return cos(degrees * PI / 180);
}

/* Of the sun: its declination in degrees, and what a sundial is ahead of a
 * clock in minutes, `t` Julian centuries after 2000. */
static void
sun_at(double t, double *ret_declination, double *ret_equation)
{
	double lon = fmod(280.46646 + t * (36000.76983 + t * 0.0003032), 360);
	double anomaly = 357.52911 + t * (35999.05029 - 0.0001537 * t);
	double ecc = 0.016708634 - t * (0.000042037 + 0.0000001267 * t);
	double centre =
	    sin_of(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t)) +
	    sin_of(2 * anomaly) * (0.019993 - 0.000101 * t) +
	    sin_of(3 * anomaly) * 0.000289;
	double node = 125.04 - 1934.136 * t;
	double apparent = lon + centre - 0.00569 - 0.00478 * sin_of(node);
	double tilt = 23.439291 - 0.0130042 * t + 0.00256 * cos_of(node);
	double y = tan(tilt / 2 * PI / 180) * tan(tilt / 2 * PI / 180);

	*ret_declination = asin(sin_of(tilt) * sin_of(apparent)) * 180 / PI;
	*ret_equation = 4 * 180 / PI *
	    (y * sin_of(2 * lon) - 2 * ecc * sin_of(anomaly) +
		4 * ecc * y * sin_of(anomaly) * cos_of(2 * lon) -
		0.5 * y * y * sin_of(4 * lon) -
		1.25 * ecc * ecc * sin_of(2 * anomaly));
}

/* Days from 1970-01-01 to this one (Howard Hinnant's days_from_civil). */
static int64_t
days_of(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = (y >= 0 ? y : y - 399) / 400;
	int of_era = y - era * 400;
	int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 -
	    of_era / 100 + of_year - 719468;
}

enum err
automation_sun(const struct automation_place *p, int year, int month, int day,
    bool rises, int64_t *ret_s)
{
	int64_t midnight_s = days_of(year, month, day) * DAY_S;
	double minute = 720 - 4 * p->lon;
	double declination;
	double equation;
	double angle;
	int i;

	for (i = 0; i < PASSES; i++) {
		double days = (double)midnight_s / DAY_S + minute / 1440;

		sun_at((days - 10957.5) / 36525, &declination, &equation);
		angle =
		    cos_of(ZENITH) / (cos_of(p->lat) * cos_of(declination)) -
		    tan(p->lat * PI / 180) * tan(declination * PI / 180);
		if (!(angle >= -1 && angle <= 1))
			return ERR_NOTFOUND;
		angle = acos(angle) * 180 / PI;
		minute =
		    720 - 4 * (p->lon + (rises ? angle : -angle)) - equation;
	}
	*ret_s = midnight_s + (int64_t)floor(minute * 60 + 0.5);
	return OK;
}

bool
automation_read_degrees(const char *text, double most, double *ret)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end != '\0' || !(d >= -most && d <= most))
		return false;
	*ret = d;
	return true;
}
