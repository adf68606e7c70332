/* SPDX-License-Identifier: Apache-2.0 */
#include "law/picture.h"

/* The counts before say how many are usual and how much they scatter, at least as much as by chance alone (Poisson). The next
 * week is then taken as negative binomial with that mean and with the variance of a prediction from so few weeks; the range ends
 * where less than one in LAW_PICTURE_RATE would lie above it. */

base_time law_picture_week(base_time at) {
  enum { DAY = 86400, WEEK = 7 * DAY, MONDAY = 4 * DAY }; /* 1970-01-05 was a Monday */
  base_time into = (at - MONDAY) % WEEK;
  return at - (into < 0 ? into + WEEK : into);
}

struct usual {
  double mean, variance; /* variance > mean */
};

/* Half a case more than were counted: who never saw one does not call the first few impossible. */
static struct usual usual_of(const uint64_t *weeks, size_t count) {
  double sum = 0, squares = 0, n = (double)count;
  for (size_t i = 0; i < count; i++)
    sum += (double)weeks[i];
  double middle = sum / n, mean = (sum + 0.5) / n;
  for (size_t i = 0; i < count; i++)
    squares += ((double)weeks[i] - middle) * ((double)weeks[i] - middle);
  double scatter = squares / (n - 1) / mean;
  scatter = scatter < 1 ? 1 : scatter > LAW_PICTURE_SCATTER_MAX ? LAW_PICTURE_SCATTER_MAX : scatter;
  return (struct usual){.mean = mean, .variance = scatter * mean * (1 + 1 / n)};
}

/* The weights of the distribution around its peak, each from its neighbour, so that none is too small to be a number:
 * weight(k + 1) = weight(k) · q · (k + r) / (k + 1). */
uint64_t law_picture_most(const uint64_t *weeks, size_t count) {
  const double small = 1e-15;
  if (count < LAW_PICTURE_LEAST_WEEKS)
    return UINT64_MAX;
  struct usual usual = usual_of(weeks, count);
  double q = 1 - usual.mean / usual.variance, r = usual.mean * (1 - q) / q;
  double peak = r > 1 ? q * (r - 1) / (1 - q) : 0;
  uint64_t k = (uint64_t)peak;
  double total = 1, weight = 1;
  for (uint64_t below = k; below > 0 && weight > small * total; below--) {
    weight *= (double)below / (q * ((double)below - 1 + r));
    total += weight;
  }
  for (weight = 1; weight > small * total; k++) {
    weight *= q * ((double)k + r) / ((double)k + 1);
    total += weight;
  }
  double above = 0; /* of k and more */
  while (above + weight <= total / LAW_PICTURE_RATE) {
    above += weight;
    weight *= (double)k / (q * ((double)k - 1 + r));
    k--;
  }
  return k < LAW_PICTURE_LEAST ? LAW_PICTURE_LEAST - 1 : k;
}
