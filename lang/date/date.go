// Package date is the day of the calendar, without a clock: the compiler compares
// dates that it is handed, and must not know what day it is.
package date

import "fmt"

// Date is a day of the proleptic Gregorian calendar (ISO 8601), of the years 1 to
// 9999, by the number of days from the first of them, which is 1. The zero Date is
// no day at all.
type Date int

// Last is the last day, 9999-12-31.
const Last Date = 3_652_059

// Of gives the day, or no day when the calendar has none such.
func Of(year, month, day int) Date {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > length(year, month) {
		return 0
	}
	for m := 1; m < month; m++ {
		day += length(year, m)
	}
	return Date(before(year) + day)
}

// Parse reads the form "2027-03-01", and no other.
func Parse(s string) (Date, bool) {
	if len(s) != len("2027-03-01") || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	var part [3]int
	for i, digits := range [...]string{s[:4], s[5:7], s[8:]} {
		for _, c := range []byte(digits) {
			if c < '0' || c > '9' {
				return 0, false
			}
			part[i] = part[i]*10 + int(c-'0')
		}
	}
	d := Of(part[0], part[1], part[2])
	return d, d != 0
}

// String gives the form that Parse reads, or "" for no day.
func (d Date) String() string {
	if d < 1 || d > Last {
		return ""
	}
	year := (int(d)-1)*400/146_097 + 1 // by years of one length; it may be one off
	switch {
	case before(year) >= int(d):
		year--
	case before(year+1) < int(d):
		year++
	}
	day, month := int(d)-before(year), 1
	for ; day > length(year, month); month++ {
		day -= length(year, month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}

// before counts the days that precede a year.
func before(year int) int {
	y := year - 1
	return 365*y + y/4 - y/100 + y/400
}

func length(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
