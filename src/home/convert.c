/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/err.h"
#include "home/home_priv.h"

/* To the nearest whole number, a half away from nought. */
static double
nearest(double d)
{
	return d < 0 ? -floor(-d + 0.5) : floor(d + 0.5);
}

/* IEC 61966-2-1: what a byte of sRGB is as light. */
static double
linear(int byte)
{
	double d = byte / 255.0;

	return d <= 0.04045 ? d / 12.92 : pow((d + 0.055) / 1.055, 2.4);
}

/* CIE 1931 chromaticity by the matrix of IEC 61966-2-1 (D65); black has none,
 * so it is that of white. */
static void
to_xy(const int *colour, double *ret_x, double *ret_y)
{
	double r = linear(colour[0]);
	double g = linear(colour[1]);
	double b = linear(colour[2]);
	double x = 0.4124 * r + 0.3576 * g + 0.1805 * b;
	double y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
	double z = 0.0193 * r + 0.1192 * g + 0.9505 * b;
	double sum = x + y + z;

	*ret_x = sum > 0 ? x / sum : 0.3127;
	*ret_y = sum > 0 ? y / sum : 0.329;
}

static double
to_hue(const int *colour)
{
	int r = colour[0];
	int g = colour[1];
	int b = colour[2];
	int most = r > g ? (r > b ? r : b) : (g > b ? g : b);
	int least = r < g ? (r < b ? r : b) : (g < b ? g : b);
	double hue;

	if (most == least)
		return 0;
	if (most == r)
		hue = 60.0 * (g - b) / (most - least);
	else if (most == g)
		hue = 120 + 60.0 * (b - r) / (most - least);
	else
		hue = 240 + 60.0 * (r - g) / (most - least);
	return hue < 0 ? hue + 360 : hue;
}

static double
to_saturation(const int *colour)
{
	int most = 0;
	int least = 255;
	int i;

	for (i = 0; i < 3; i++) {
		most = colour[i] > most ? colour[i] : most;
		least = colour[i] < least ? colour[i] : least;
	}
	return most == 0 ? 0 : 100.0 * (most - least) / most;
}

double
home_out(const struct home_conversion *c, double d, const int *colour)
{
	double x;
	double y;

	switch (c->as) {
	case HOME_AS_SCALE:
		return nearest(c->low + (c->high - c->low) * d / 100);
	case HOME_AS_MIREDS:
		return nearest(1e6 / d);
	case HOME_AS_X:
		to_xy(colour, &x, &y);
		return nearest(x * 1e4) / 1e4;
	case HOME_AS_Y:
		to_xy(colour, &x, &y);
		return nearest(y * 1e4) / 1e4;
	case HOME_AS_HUE:
		return nearest(to_hue(colour) * 10) / 10;
	case HOME_AS_SATURATION:
		return nearest(to_saturation(colour) * 10) / 10;
	default:
		return d;
	}
}

double
home_in(const struct home_conversion *c, double d)
{
	switch (c->as) {
	case HOME_AS_SCALE:
		return nearest(100 * (d - c->low) / (c->high - c->low));
	case HOME_AS_MIREDS:
		return d > 0 ? nearest(1e6 / d) : 0;
	default:
		return d;
	}
}
