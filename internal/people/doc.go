// Package people is people who use the login app through its pages, each with a browser of their own, and judge what they are shown:
// who was signed out although nobody logged out, and which old cookie was let in.
//
// It knows nothing of the store behind the app. Each type says how it may be used concurrently.
package people
