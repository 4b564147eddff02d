package cognitotest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	srv := start(t)
	client := srv.Client()
	ctx := t.Context()
	created, err := client.CreateGroup(ctx, &cognitoidentityprovider.CreateGroupInput{
		UserPoolId: &srv.UserPoolID, GroupName: aws.String("admins"),
		Description: aws.String("who may"), Precedence: aws.Int32(0),
	})
	require.NoError(t, err)
	assert.Equal(t, int32(0), *created.Group.Precedence)
	assert.Equal(t, srv.UserPoolID, *created.Group.UserPoolId)
	group := kv{"UserPoolId": srv.UserPoolID, "GroupName": "admins"}
	member := kv{"UserPoolId": srv.UserPoolID, "GroupName": "admins", "Username": "alice"}
	assert.Equal(t, "GroupExists: A group with the name already exists.",
		srv.call("CreateGroup", group).failure())
	updated, err := client.UpdateGroup(ctx, &cognitoidentityprovider.UpdateGroupInput{
		UserPoolId: &srv.UserPoolID, GroupName: aws.String("admins"), Precedence: aws.Int32(7),
	})
	require.NoError(t, err)
	assert.Equal(t, "who may", *updated.Group.Description, "what is left out stays")
	got, err := client.GetGroup(ctx, &cognitoidentityprovider.GetGroupInput{
		UserPoolId: &srv.UserPoolID, GroupName: aws.String("admins"),
	})
	require.NoError(t, err)
	assert.Equal(t, updated.Group, got.Group)

	for range 2 { // adding twice is adding once
		srv.must("AdminAddUserToGroup", member)
	}
	srv.AddUser(
		cognitotest.User{Username: "bob", Password: password, Groups: []string{"staff", "admins"}})
	assert.Equal(t, []string{"admins"}, srv.User("alice").Groups)
	groupsOf := func(name string) []string {
		out, err := client.AdminListGroupsForUser(ctx,
			&cognitoidentityprovider.AdminListGroupsForUserInput{
				UserPoolId: &srv.UserPoolID, Username: &name,
			})
		require.NoError(t, err)
		names := make([]string, len(out.Groups))
		for i, g := range out.Groups {
			names[i] = *g.GroupName
		}
		return names
	}
	assert.Equal(t, []string{"admins", "staff"}, groupsOf("bob"),
		"AddUser makes the groups that it names")
	users, err := client.ListUsersInGroup(ctx, &cognitoidentityprovider.ListUsersInGroupInput{
		UserPoolId: &srv.UserPoolID, GroupName: aws.String("admins"),
	})
	require.NoError(t, err)
	require.Len(t, users.Users, 2)
	assert.Equal(t, "alice", *users.Users[0].Username)

	srv.must("AdminRemoveUserFromGroup", member)
	assert.Empty(t, groupsOf("alice"))
	assert.NotContains(t, claims(t, srv.tokens("alice").access()), "cognito:groups")
	_, err = client.DeleteGroup(ctx, &cognitoidentityprovider.DeleteGroupInput{
		UserPoolId: &srv.UserPoolID, GroupName: aws.String("admins"),
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"staff"}, srv.User("bob").Groups)
	assert.Equal(t, []any{"staff"}, claims(t, srv.tokens("bob").access())["cognito:groups"])
	srv.must("CreateGroup", group)
	assert.Empty(t, srv.must("ListUsersInGroup", group).body["Users"],
		"a group of the same name is another one")

	const none = "ResourceNotFound: Group not found."
	group["GroupName"], member["GroupName"] = "nobody", "nobody"
	for _, operation := range []string{
		"GetGroup", "UpdateGroup", "DeleteGroup", "ListUsersInGroup",
	} {
		assert.Equal(t, none, srv.call(operation, group).failure(), operation)
	}
	for _, operation := range []string{"AdminAddUserToGroup", "AdminRemoveUserFromGroup"} {
		assert.Equal(t, none, srv.call(operation, member).failure(), operation)
	}
}

// Only the ID token has the roles of the groups. One of them is preferred if the groups agree.
func TestRolesInTokens(t *testing.T) {
	t.Parallel()
	arn := func(name string) string { return "arn:aws:iam::123456789012:role/" + name }
	type group struct {
		role       string
		precedence any
	}
	for name, tc := range map[string]struct {
		groups    []group
		roles     []any
		preferred any
	}{
		"no role": {groups: []group{{"", 1}}},
		"one":     {groups: []group{{"a", nil}}, roles: []any{arn("a")}, preferred: arn("a")},
		"the lower number": {
			groups: []group{{"a", 2}, {"b", 1}},
			roles:  []any{arn("b"), arn("a")}, preferred: arn("b"),
		},
		"zero": {
			groups: []group{{"a", 1}, {"b", 0}},
			roles:  []any{arn("b"), arn("a")}, preferred: arn("b"),
		},
		"no number comes last": {
			groups: []group{{"a", nil}, {"b", 2147483647}},
			roles:  []any{arn("b"), arn("a")}, preferred: arn("b"),
		},
		"the same, and the same role": {
			groups: []group{{"a", 1}, {"a", 1}},
			roles:  []any{arn("a")}, preferred: arn("a"),
		},
		"the same, and another role": {
			groups: []group{{"a", 1}, {"b", 1}},
			roles:  []any{arn("a"), arn("b")},
		},
		"a group above without a role": {
			groups: []group{{"", 0}, {"b", 1}},
			roles:  []any{arn("b")}, preferred: arn("b"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t)
			var names []any
			for i, g := range tc.groups {
				body := kv{
					"UserPoolId": srv.UserPoolID, "GroupName": fmt.Sprintf("g%d", i),
					"Username": "alice", "Precedence": g.precedence,
				}
				if g.role != "" {
					body["RoleArn"] = arn(g.role)
				}
				srv.must("CreateGroup", body)
				srv.must("AdminAddUserToGroup", body)
				names = append(names, body["GroupName"])
			}
			r := srv.tokens("alice")
			refreshed := srv.must("GetTokensFromRefreshToken", kv{
				"ClientId": srv.ClientID, "RefreshToken": r.refresh(),
			})
			for _, r := range []reply{r, refreshed} {
				access, id := claims(t, r.access()),
					claims(t, r.text("AuthenticationResult", "IdToken"))
				assert.Equal(t, names, access["cognito:groups"])
				assert.Equal(t, names, id["cognito:groups"])
				assert.NotContains(t, access, "cognito:roles")
				assert.NotContains(t, access, "cognito:preferred_role")
				if tc.roles == nil {
					assert.NotContains(t, id, "cognito:roles")
				} else {
					assert.Equal(t, tc.roles, id["cognito:roles"])
				}
				assert.Equal(t, tc.preferred, id["cognito:preferred_role"])
			}
		})
	}
}

func TestGroupShapes(t *testing.T) {
	t.Parallel()
	srv := start(t)
	const failed = "failed to satisfy constraint: Member must"
	for name, tc := range map[string]struct {
		body    kv
		failure string
	}{
		"nothing": {
			kv{},
			"2 validation errors detected: " +
				"Value null at 'groupName' " + failed + " not be null; " +
				"Value null at 'userPoolId' " + failed + " not be null",
		},
		"blank name": {
			kv{"UserPoolId": srv.UserPoolID, "GroupName": "a b"},
			`1 validation error detected: Value 'a b' at 'groupName' ` + failed +
				` satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`,
		},
		"long name": {
			kv{"UserPoolId": srv.UserPoolID, "GroupName": strings.Repeat("x", 129)},
			"1 validation error detected: Value '" + strings.Repeat("x", 129) +
				"' at 'groupName' " + failed +
				" have length less than or equal to 128",
		},
		"precedence": {
			kv{"UserPoolId": srv.UserPoolID, "GroupName": "x", "Precedence": -1},
			"1 validation error detected: Value '-1' at 'precedence' " + failed +
				" have value greater than or equal to 0",
		},
		"no role": {
			kv{"UserPoolId": srv.UserPoolID, "GroupName": "x", "RoleArn": "arn:aws:iam::x:role/x"},
			`1 validation error detected: Value 'arn:aws:iam::x:role/x' at 'roleArn' ` + failed +
				` satisfy regular expression pattern: ` +
				`arn:[\w+=/,.@-]+:[\w+=/,.@-]+:([\w+=/,.@-]*)?:[0-9]+:[\w+=/,.@-]+` +
				`(:[\w+=/,.@-]+)?(:[\w+=/,.@-]+)?`,
		},
		"three at once": {
			kv{"UserPoolId": srv.UserPoolID, "GroupName": "", "Precedence": -1},
			"3 validation errors detected: Value '' at 'groupName' " + failed +
				` satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+; ` +
				"Value '' at 'groupName' " + failed + " have length greater than or equal to 1; " +
				"Value '-1' at 'precedence' " + failed + " have value greater than or equal to 0",
		},
	} {
		assert.Equal(t, "InvalidParameter: "+tc.failure, srv.call("CreateGroup", tc.body).failure(),
			name)
	}
}

// Tokens name a user's groups in the order in which they were added, also after these were listed.
func TestListingGroupsChangesNothing(t *testing.T) {
	t.Parallel()
	srv := start(t)
	added := []string{"staff", "admins", "owners"}
	for _, name := range added {
		group := kv{"UserPoolId": srv.UserPoolID, "GroupName": name, "Username": "alice"}
		srv.must("CreateGroup", group)
		srv.must("AdminAddUserToGroup", group)
	}
	assert.Equal(t, added, srv.User("alice").Groups)
	srv.must("AdminListGroupsForUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
	assert.Equal(t, added, srv.User("alice").Groups)
	assert.Equal(t, []any{"staff", "admins", "owners"},
		claims(t, srv.tokens("alice").access())["cognito:groups"])
}
